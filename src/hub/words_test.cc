#include "hub/words.h"

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "meta/sqlite/testing/temporary_store.h"

namespace entrepot::hub {
namespace {

class WordsTest : public ::testing::Test {
 protected:
  WordsTest() {
    EXPECT_OK(store.write(context, [&](meta::Transaction& tx) -> Result<void> {
      TRY(tx.repositories().find_or_create(name, clock.wall()));
      return {};
    }));
  }
  std::vector<meta::Journal::Entry> entries() {
    return store
        .view<meta::Journal::Page>(context,
                                   [](const meta::Snapshot& s) { return s.journal().read(0, 100); })
        .value()
        .entries;
  }

  Context context;
  testing::FakeClock clock;
  std::unique_ptr<meta::sqlite::testing::TemporaryStore> metadata =
      meta::sqlite::testing::open_temporary();
  meta::Store& store = metadata->store();
  Words words{store, clock};
  const oci::RepositoryName name = oci::RepositoryName::parse("team/app").value();
  const oci::RepositoryName absent = oci::RepositoryName::parse("team/none").value();
  const events::Actor alice{events::ActorKind::User, "alice"};
};

TEST_F(WordsTest, TheJournalKnowsWhoSaidWhat) {
  ASSERT_OK(words.describe(context, alice, name, "A \"web\" server"));
  ASSERT_OK(words.write_readme(context, alice, name, "# one"));
  ASSERT_OK(words.remove_readme(context, alice, name));
  const auto told = entries();
  ASSERT_EQ(told.size(), 3u);
  const std::string details[] = {R"({"description":"A \"web\" server"})", R"({"readme_bytes":5})",
                                 R"({"readme_bytes":0})"};
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].event.kind, events::EventKind::RepositoryChanged);
    EXPECT_EQ(told[i].event.actor, alice);
    EXPECT_EQ(told[i].event.repository, name);
    EXPECT_EQ(told[i].event.detail, details[i]);
  }
}

TEST_F(WordsTest, ADescriptionIsOneLineOfAHundredCharacters) {
  std::string hundred;
  for (int i = 0; i < 100; ++i) hundred += "层";
  ASSERT_OK(words.describe(context, alice, name, hundred));
  for (const std::string& text : {hundred + "x", std::string("a\nb"), std::string("\0", 1),
                                  std::string("\x7F"), std::string("\xFF")}) {
    EXPECT_FAILS(InvalidArgument, words.describe(context, alice, name, text));
  }
  EXPECT_EQ(entries().size(), 1u);
}

TEST_F(WordsTest, AReadmeThatIsTooLongIsRefusedWhole) {
  ASSERT_OK(words.write_readme(context, alice, name, std::string(kMostReadmeBytes, 'x')));
  EXPECT_FAILS(TooLarge,
               words.write_readme(context, alice, name, std::string(kMostReadmeBytes + 1, 'x')));
  EXPECT_FAILS(InvalidArgument, words.write_readme(context, alice, name, "a\xFF"));
  EXPECT_FAILS(InvalidArgument,
               words.write_readme(context, alice, name, std::string_view("a\0b", 3)));
}

TEST_F(WordsTest, OfTwoWhoSawTheSameTheSecondIsTold) {
  const auto write = [&](std::string_view text, const Seen& seen) {
    clock.advance(std::chrono::milliseconds(1));
    return words.write_readme(context, alice, name, text, seen);
  };
  const auto first = write("first", Seen::nothing());
  ASSERT_OK(first);
  EXPECT_FAILS(PreconditionFailed, write("another first", Seen::nothing()));
  const auto second = write("second", Seen::at(*first));
  ASSERT_OK(second);
  EXPECT_FAILS(PreconditionFailed, write("another second", Seen::at(*first)));
  EXPECT_FAILS(PreconditionFailed, words.remove_readme(context, alice, name, Seen::at(*first)));
  EXPECT_OK(write("said nothing", {}));
  const auto third = write("third", {});
  EXPECT_OK(words.remove_readme(context, alice, name, Seen::at(*third)));
  EXPECT_FAILS(PreconditionFailed, write("back again", Seen::at(*third)));
}

TEST_F(WordsTest, AnArchivedRepositorySaysWhatItSaid) {
  ASSERT_OK(store.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto repository, tx.repositories().find(name));
    return tx.repositories().set_archived(repository.id, true);
  }));
  EXPECT_FAILS(Denied, words.describe(context, alice, name, "text"));
  EXPECT_FAILS(Denied, words.write_readme(context, alice, name, "text"));
  EXPECT_FAILS(Denied, words.remove_readme(context, alice, name));
}

TEST_F(WordsTest, WhatIsNotThereSaysNothing) {
  EXPECT_FAILS(NotFound, words.describe(context, alice, absent, "text"));
  EXPECT_FAILS(NotFound, words.write_readme(context, alice, absent, "text"));
  EXPECT_FAILS(NotFound, words.remove_readme(context, alice, absent));
  EXPECT_FAILS(NotFound, words.remove_readme(context, alice, name));
  EXPECT_TRUE(entries().empty());
}

}  // namespace
}  // namespace entrepot::hub
