// The chain, the trail and the sign-ins over a real store.
#include <functional>
#include <map>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "audit/chain.h"
#include "audit/line.h"
#include "audit/sign_ins.h"
#include "audit/trail.h"
#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "crypto/secret.h"
#include "json/reader.h"
#include "meta/sqlite/testing/temporary_store.h"

namespace entrepot::audit {
namespace {

using events::Event;
using events::EventKind;
using meta::Journal;

class Audit : public ::testing::Test {
 protected:
  void add(const Event& event) {
    ASSERT_OK(store_.write(
        context_, [&](meta::Transaction& tx) -> Result<void> { return tx.journal().add(event); }));
  }
  void add(EventKind kind, const std::string& detail) {
    add(Event{.kind = kind,
              .at = clock_.wall(),
              .actor = {events::ActorKind::User, "alice"},
              .detail = detail});
  }
  void push(const std::string& repository) {
    add(Event{.kind = EventKind::ManifestPushed,
              .at = clock_.wall(),
              .actor = {events::ActorKind::User, "bob"},
              .repository = oci::RepositoryName::parse(repository).value()});
  }
  std::size_t seal() { return seal_next(context_, store_, clock_).value(); }
  Verdict look(std::string_view head = "") {
    return verify(context_, store_, clock_, head).value();
  }
  std::vector<Journal::Entry> find_all(const Query& query) {
    return store_
        .view<Page>(context_, [&](const meta::Snapshot& s) { return audit::find(s, query); })
        .value()
        .entries;
  }
  // As somebody would who has the file.
  void run(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(metadata_->path().c_str(), &database), SQLITE_OK);
    char* message = nullptr;
    ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK)
        << message;
    sqlite3_close(database);
  }
  std::vector<Event> flushed() {
    EXPECT_OK(sign_ins_.flush(context_, store_));
    std::vector<Event> events;
    for (auto& entry : find_all({.what = "sign_in", .limit = 10'000})) {
      events.push_back(std::move(entry.event));
    }
    return events;
  }
  void fail_from(const std::string& client, const std::string& name = "alice") {
    sign_ins_.saw({.name = name, .how = "password", .client = client, .request = "r"});
  }

  Context context_{"request-1"};
  entrepot::testing::FakeClock clock_;
  const std::unique_ptr<meta::sqlite::testing::TemporaryStore> metadata_ =
      meta::sqlite::testing::open_temporary();
  meta::Store& store_ = metadata_->store();
  SignIns sign_ins_{clock_};
};

TEST_F(Audit, SealsWhatIsNewAndNothingTwice) {
  EXPECT_EQ(seal(), 0u);
  add(EventKind::GrantCreated, R"({"grant":1})");
  push("acme/app");
  EXPECT_EQ(look().unsealed, 2u);
  EXPECT_EQ(seal(), 2u);
  EXPECT_EQ(seal(), 0u);
  push("acme/app");
  EXPECT_EQ(seal(), 1u);
  const Verdict verdict = look();
  EXPECT_FALSE(verdict.wrong) << *verdict.wrong;
  EXPECT_EQ(verdict.seals, 2u);
  EXPECT_EQ(verdict.entries, 3u);
  EXPECT_EQ(verdict.unsealed, 0u);
}

TEST_F(Audit, AHeadStaysInTheChain) {
  push("acme/app");
  seal();
  const std::string head = look().head;
  push("acme/app");
  seal();
  EXPECT_NE(look().head, head);
  EXPECT_TRUE(look(head).has_known_head);
  EXPECT_FALSE(look("sha256:" + std::string(64, '0')).has_known_head);
}

TEST_F(Audit, SealsMoreThanOneStepHolds) {
  ASSERT_OK(store_.write(context_, [&](meta::Transaction& tx) -> Result<void> {
    for (std::size_t i = 0; i < kMostSealed + 5; ++i) {
      TRY(tx.journal().add({.kind = EventKind::AccountChanged, .at = clock_.wall()}));
    }
    return {};
  }));
  EXPECT_EQ(seal(), kMostSealed);
  EXPECT_EQ(seal(), 5u);
  EXPECT_EQ(look().entries, kMostSealed + 5);
}

// Anything that is done to what is sealed shows.
TEST_F(Audit, EveryFieldIsSealed) {
  for (const char* column : {"kind", "at", "actor_kind"}) {
    push("acme/app");
    seal();
    ASSERT_FALSE(look().wrong);
    const std::string change = std::string("UPDATE journal SET ") + column + " = " + column;
    run(change + " + 1");
    EXPECT_TRUE(look().wrong) << column;
    run(change + " - 1");
    ASSERT_FALSE(look().wrong);
  }
  for (const char* column : {"actor", "repository", "detail", "client", "request"}) {
    const std::string change = std::string("UPDATE journal SET ") + column + " = ";
    run(change + column + " || 'x'");
    EXPECT_TRUE(look().wrong) << column;
    run(change + "substr(" + column + ", 1, length(" + column + ") - 1)");
    ASSERT_FALSE(look().wrong) << column;
  }
}

TEST_F(Audit, AMissingEntryAndAChangedSealShow) {
  for (int i = 0; i < 3; ++i) {
    push("acme/app");
    seal();
  }
  run("DELETE FROM journal WHERE sequence = 2");
  EXPECT_TRUE(look().wrong);
}

TEST_F(Audit, ASealThatIsMadeAnewShowsInTheNext) {
  for (int i = 0; i < 3; ++i) {
    push("acme/app");
    seal();
  }
  run("UPDATE seals SET chain = (SELECT chain FROM seals WHERE last = 1) WHERE last = 2");
  EXPECT_TRUE(look().wrong);
}

TEST_F(Audit, WhatIsDroppedForItsAgeIsToldAndNoDamage) {
  push("acme/app");
  seal();
  push("acme/app");
  seal();
  ASSERT_OK(store_.write(context_,
                         [&](meta::Transaction& tx) { return tx.retention().drop_entries({1}); }));
  EXPECT_TRUE(look().wrong) << "it was not a year old";
  clock_.advance(std::chrono::hours(24 * 366));
  const Verdict later = look();
  EXPECT_FALSE(later.wrong);
  EXPECT_EQ(later.aged_seals, 1u);
  EXPECT_EQ(later.entries, 1u);
}

TEST_F(Audit, ALineIsJsonWhateverItHolds) {
  Event event{.kind = EventKind::SignInFailed,
              .at = clock_.wall(),
              .actor = {events::ActorKind::User, "a\"\n\xff"},
              .detail = "no json {"};
  for (const char* detail : {"no json {", R"({"account":"x"})", ""}) {
    event.detail = detail;
    const std::string line = line_of({7, event});
    EXPECT_TRUE(json::Document::parse(line, "line")) << line;
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  }
}

TEST_F(Audit, FindsByWhoWhatAndWhere) {
  push("acme/app");
  push("acmeland/app");
  add(EventKind::GrantCreated, R"({"grant":1,"to":"user:carol","role":"read","pattern":"acme/*"})");
  add(EventKind::MemberChanged, R"({"organisation":"acme","account":"carol","role":"member"})");
  add(EventKind::AccountCreated, R"({"account":"acme/ci","kind":"robot"})");
  add(EventKind::AccountCreated, R"({"account":"other","kind":"user"})");
  EXPECT_EQ(find_all({.name_space = "acme"}).size(), 4u);
  EXPECT_EQ(find_all({.name_space = "acm"}).size(), 0u);
  EXPECT_EQ(find_all({.who = "bob"}).size(), 2u);
  EXPECT_EQ(find_all({.what = "account"}).size(), 2u);
  EXPECT_EQ(find_all({.what = "account.created"}).size(), 2u);
  EXPECT_EQ(find_all({.what = "acc"}).size(), 0u);
  EXPECT_EQ(find_all({.repository = "acme/app"}).size(), 1u);
  EXPECT_EQ(find_all({.since = clock_.wall() + std::chrono::seconds(1)}).size(), 0u);
}

TEST_F(Audit, PagesHoldEveryRecordOnceNewestFirst) {
  for (int i = 0; i < 7; ++i) push("acme/app");
  Query query{.limit = 3};
  std::vector<std::int64_t> ids;
  for (;;) {
    const auto page =
        store_.view<Page>(context_, [&](const meta::Snapshot& s) { return audit::find(s, query); })
            .value();
    for (const auto& entry : page.entries) ids.push_back(entry.sequence);
    if (!page.next) break;
    query.before = page.next;
  }
  EXPECT_EQ(ids, (std::vector<std::int64_t>{7, 6, 5, 4, 3, 2, 1}));
}

TEST_F(Audit, ARecordSaysWhoseRequestItWas) {
  context_.set_client("192.0.2.7");
  push("acme/app");
  const auto found = find_all({});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].event.client, "192.0.2.7");
  EXPECT_EQ(found[0].event.request, "request-1");
}

TEST_F(Audit, WhoSignsInAgainIsToldOfOnceAnHour) {
  const auth::SignInSeen seen{
      .name = "alice", .how = "password", .succeeded = true, .client = "192.0.2.7"};
  for (int i = 0; i < 5; ++i) sign_ins_.saw(seen);
  EXPECT_EQ(flushed().size(), 1u);
  clock_.advance(SignIns::kToldAgain + std::chrono::seconds(1));
  sign_ins_.saw(seen);
  const auto events = flushed();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].actor, (events::Actor{events::ActorKind::User, "alice"}));
  EXPECT_EQ(events[0].client, "192.0.2.7");
}

TEST_F(Audit, FailuresAreSummedAfterTheTenthOfAMinute) {
  for (int i = 0; i < 25; ++i) fail_from("192.0.2.7");
  fail_from("192.0.2.8");
  EXPECT_EQ(flushed().size(), SignIns::kFailuresTold + 1);
  clock_.advance(std::chrono::seconds(61));
  const auto events = flushed();
  ASSERT_EQ(events.size(), SignIns::kFailuresTold + 2);
  EXPECT_EQ(events[0].detail, R"({"account":"alice","how":"password","times":15})");
}

TEST_F(Audit, WhatIsNoNameIsNotKept) {
  fail_from("192.0.2.7", "correct horse battery");
  const auto events = flushed();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].detail, R"({"how":"password"})");
}

TEST_F(Audit, ASecretInTheWrongFieldIsNotKept) {
  fail_from("192.0.2.7", crypto::make_secret("pat"));
  EXPECT_EQ(flushed()[0].detail, R"({"how":"password"})");
}

TEST_F(Audit, AFloodFromManyAddressesMakesFewRecords) {
  constexpr std::size_t kMany = SignIns::kMostKnown + 100;
  for (std::size_t i = 0; i < kMany; ++i) fail_from("client" + std::to_string(i));
  EXPECT_EQ(flushed().size(), SignIns::kMostTold);
  clock_.advance(std::chrono::seconds(61));
  const auto events = flushed();
  ASSERT_EQ(events.size(), 2 * SignIns::kMostTold + 1);
  const std::size_t rest = kMany - 2 * SignIns::kMostTold;
  EXPECT_EQ(events[0].detail, R"({"how":"many","times":)" + std::to_string(rest) + "}");
}

// Fails to write, and does something else meanwhile.
class FullStore final : public meta::Store {
 public:
  FullStore(meta::Store& inner, std::function<void()> meanwhile)
      : inner_(inner), meanwhile_(std::move(meanwhile)) {}
  Result<void> write(Context& /*context*/, const Work& /*work*/) override {
    meanwhile_();
    return fail(ErrorCode::StorageFull, "full");
  }
  Result<void> read(Context& context, const Look& look) override {
    return inner_.read(context, look);
  }
  void listen(meta::Listener& listener) override { inner_.listen(listener); }
  Result<void> check_writable(Context& context) override { return inner_.check_writable(context); }

 private:
  meta::Store& inner_;
  const std::function<void()> meanwhile_;
};

TEST_F(Audit, WhatCannotBeWrittenWaitsAndTakesNoMoreMemoryThanItMay) {
  const auto sign_in_many = [&](const std::string& who) {
    for (std::size_t i = 0; i < SignIns::kMostWaiting; ++i) {
      const std::string name = who + std::to_string(i);
      sign_ins_.saw({.name = name, .how = "token", .succeeded = true});
    }
  };
  int round = 0;
  FullStore full(store_, [&] { sign_in_many("meanwhile" + std::to_string(++round) + "-"); });
  for (int i = 0; i < 3; ++i) {
    sign_in_many("before" + std::to_string(i) + "-");
    EXPECT_EQ(sign_ins_.flush(context_, full).error().code, ErrorCode::StorageFull);
  }
  EXPECT_EQ(sign_ins_.flush(context_, store_).value(), SignIns::kMostWaiting);
}

TEST_F(Audit, ARobotIsOneByWhatItIsNotByItsName) {
  sign_ins_.saw({.name = "htpasswd:team/ann", .how = "password", .succeeded = true});
  sign_ins_.saw({.name = "acme/ci", .how = "token", .succeeded = true, .is_robot = true});
  const auto events = flushed();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].actor.kind, events::ActorKind::User);
  EXPECT_EQ(events[0].actor.kind, events::ActorKind::Robot);
}

TEST_F(Audit, AQueryIsReadAsPeopleSayIt) {
  std::map<std::string, std::string, std::less<>> words{
      {"who", "alice"}, {"since", "2026-11-27"}, {"until", "2026-11-27T11:05:00+01:00"}};
  const auto said = [&](std::string_view part) {
    const auto word = words.find(part);
    return word == words.end() ? std::nullopt : std::optional(word->second);
  };
  const auto query = read_query(said).value();
  EXPECT_EQ(query.who, "alice");
  EXPECT_EQ(to_rfc3339(*query.since), "2026-11-27T00:00:00.000000Z");
  EXPECT_EQ(to_rfc3339(*query.until), "2026-11-27T10:05:00.000000Z");
  words["since"] = "yesterday";
  EXPECT_EQ(read_query(said).error().code, ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace entrepot::audit
