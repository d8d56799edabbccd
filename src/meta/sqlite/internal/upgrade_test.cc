// A file of the first schema, with rows in it, opened by this program.

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "base/testing/temporary_directory.h"
#include "meta/sqlite/internal/migrate.h"
#include "meta/sqlite/store.h"
#include "meta/testing/store_conformance.h"

namespace entrepot::meta::sqlite {
namespace {

using meta::testing::name;
using meta::testing::sha256;

class Upgrade : public ::testing::Test {
 protected:
  Upgrade() {
    Database::Options options;
    options.path = path_;
    options.mode = Database::Mode::ReadWrite;
    old_ = Database::open(options).value();
    EXPECT_OK(migrate(*old_, embedded_files().first(1), from_unix_micros(1)));
  }

  void insert_repository(int id, const char* text) {
    const std::string sql = fmt::format(
        "INSERT INTO repositories (id, name, created_at) VALUES ({}, '{}', 1)", id, text);
    EXPECT_OK(old_->execute(sql));
  }
  void insert_manifest(int repository, const Digest& digest, bool hidden) {
    EXPECT_OK(old_->execute(fmt::format(
        "INSERT INTO manifests (repository, digest, media_type, size_bytes, pushed_at, pushed_by,"
        "  deleted_at, artifact_type, annotations) VALUES ({}, x'{}', 't', 1, 1, 'a', {}, '', x'')",
        repository, key_of(digest), hidden ? "5" : "NULL")));
  }
  static std::string key_of(const Digest& digest) { return "01" + digest.hex(); }

  void open() {
    old_.reset();
    SqliteStore::Options options;
    options.path = path_;
    store_ = SqliteStore::open(options, clock_).value();
  }
  template <class T, class F>
  T look(F&& look) {
    return store_->view<T>(context_, look).value();
  }

  const entrepot::testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "meta.db";
  entrepot::testing::FakeClock clock_;
  Context context_;
  std::unique_ptr<Database> old_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(Upgrade, RepositoriesKnowWhetherTheyHoldAManifest) {
  insert_repository(1, "empty");
  insert_repository(2, "emptied");
  insert_repository(3, "holding");
  insert_manifest(2, sha256("gone"), true);
  insert_manifest(3, sha256("one"), false);
  insert_manifest(3, sha256("two"), false);
  open();
  using Names = std::vector<RepositoryName>;
  EXPECT_EQ(look<Names>([](const Snapshot& s) { return s.repositories().list("", 9); }),
            Names{name("holding")});
  EXPECT_EQ(look<Names>([](const Snapshot& s) { return s.repositories().list_all("", 9); }).size(),
            3u);
  for (const char* bytes : {"one", "two"}) {
    EXPECT_EQ(look<Names>([](const Snapshot& s) { return s.repositories().list("", 9); }).size(),
              1u);
    ASSERT_OK(store_->write(context_, [&](Transaction& tx) {
      return tx.manifests().remove(RepositoryId{3}, sha256(bytes), clock_.wall(), "bob");
    }));
  }
  EXPECT_TRUE(look<Names>([](const Snapshot& s) { return s.repositories().list("", 9); }).empty());
}

TEST_F(Upgrade, DroppedLinksOfBlobsThatAreGoneBeginToWait) {
  insert_repository(1, "app");
  const auto link = [&](const Digest& digest, int dropped) {
    EXPECT_OK(old_->execute(fmt::format("INSERT INTO repository_blobs VALUES (x'{}', 1, 1, {})",
                                        key_of(digest), dropped)));
  };
  EXPECT_OK(old_->execute(
      fmt::format("INSERT INTO blobs VALUES (x'{}', 1, 0, 1)", key_of(sha256("there")))));
  link(sha256("there"), 1);
  link(sha256("gone"), 1);
  open();
  const auto counts =
      look<Retention::Counts>([](const Snapshot& s) { return s.retention().counts(); });
  EXPECT_EQ(counts.dropped_links, 1);
  for (const char* bytes : {"there", "gone"}) {
    EXPECT_TRUE(look<bool>(
        [&](const Snapshot& s) { return s.blobs().was_linked(RepositoryId{1}, sha256(bytes)); }));
  }
}

TEST_F(Upgrade, OldEventsKnowWhatKindOfActorTheyHave) {
  for (const char* actor : {"", "collector"}) {
    EXPECT_OK(old_->execute(fmt::format(
        "INSERT INTO journal (kind, at, actor, repository, tag) VALUES (1, 1, '{}', 'app', 'v1')",
        actor)));
  }
  open();
  const auto entries =
      look<Journal::Page>([](const Snapshot& s) { return s.journal().read(0, 9); }).entries;
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].event.actor, events::Actor());
  EXPECT_EQ(entries[1].event.actor, (events::Actor{events::ActorKind::System, "collector"}));
  EXPECT_EQ(entries[1].event.repository, name("app"));
  EXPECT_EQ(entries[1].event.detail, "");
}

// Also one that the older server was killed at, whose lease says that it lives.
TEST_F(Upgrade, JobsThatHadNotEndedAreDoneInTheirOrder) {
  EXPECT_OK(old_->execute(
      "INSERT INTO jobs (kind, state, arguments, progress, created_at, finished_at) VALUES"
      " ('collect', 'done', x'', x'', 1, 2), ('collect', 'running', x'', x'31', 1, NULL),"
      " ('collect', 'queued', x'', x'', 1, NULL);"
      "INSERT INTO leases VALUES ('collect', 'server', 9000000000000000)"));
  open();
  const auto claim = [&] {
    return store_->transact<std::int64_t>(context_, [](Transaction& tx) -> Result<std::int64_t> {
      TRY(tx.jobs().lease("collect", "new", std::chrono::seconds(60)));
      TRY_ASSIGN(const Job job, tx.jobs().claim("collect", "new"));
      TRY(tx.jobs().finish(job.id, "new", JobEnd::Done, job.progress, from_unix_micros(3)));
      return job.id;
    });
  };
  EXPECT_EQ(claim(), 2);
  EXPECT_EQ(claim(), 3);
  EXPECT_FAILS(NotFound, claim());
}

}  // namespace
}  // namespace entrepot::meta::sqlite
