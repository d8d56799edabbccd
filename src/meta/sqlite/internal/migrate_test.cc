#include "meta/sqlite/internal/migrate.h"

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr EmbeddedFile kFirst{"migrations/0001_first.sql",
                              "PRAGMA application_id = 0x656e7472; CREATE TABLE one (a);"};
constexpr EmbeddedFile kSecond{"migrations/0002_second.sql",
                               "CREATE TABLE two (a); INSERT INTO two VALUES (2);"};
constexpr EmbeddedFile kBroken{"migrations/0003_broken.sql",
                               "CREATE TABLE three (a); INSERT INTO nowhere VALUES (3);"};
constexpr EmbeddedFile kMended{"migrations/0003_broken.sql", "CREATE TABLE three (a);"};

constexpr char kVersions[] = "SELECT group_concat(version) FROM schema_migrations";
constexpr char kTable[] = "SELECT 1 FROM sqlite_schema WHERE name = ?1";

class Migrate : public ::testing::Test {
 protected:
  Migrate() { reopen(); }

  void reopen() {
    Database::Options options;
    options.path = directory_ / "meta.db";
    options.mode = Database::Mode::ReadWrite;
    database_ = Database::open(options).value();
  }
  Result<void> migrate_to(std::vector<EmbeddedFile> migrations) {
    reopen();
    return migrate(*database_, migrations, from_unix_micros(1));
  }
  std::string versions() {
    Query query = database_->query(kVersions).value();
    EXPECT_TRUE(query.next().value());
    return std::string(query.text(0));
  }
  bool has_table(std::string_view table) { return database_->exists(kTable, table).value(); }

  entrepot::testing::TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
};

TEST_F(Migrate, AppliesWhatIsMissingInOrder) {
  ASSERT_OK(migrate_to({kFirst}));
  EXPECT_EQ(versions(), "1");
  ASSERT_OK(migrate_to({kFirst, kSecond}));
  EXPECT_EQ(versions(), "1,2");
  ASSERT_OK(migrate_to({kFirst, kSecond}));
  EXPECT_EQ(versions(), "1,2");
}

TEST_F(Migrate, FreshFileGetsThemAll) {
  ASSERT_OK(migrate_to({kFirst, kSecond, kMended}));
  EXPECT_EQ(versions(), "1,2,3");
}

// A step that fails leaves the file at the step before; a mended program goes on from there.
TEST_F(Migrate, FailingStepLeavesNothing) {
  EXPECT_FAILS(Internal, migrate_to({kFirst, kSecond, kBroken}));
  EXPECT_EQ(versions(), "1,2");
  EXPECT_FALSE(has_table("three"));
  ASSERT_OK(migrate_to({kFirst, kSecond, kMended}));
  EXPECT_EQ(versions(), "1,2,3");
}

TEST_F(Migrate, FileOfANewerProgramIsRefusedAndKept) {
  ASSERT_OK(migrate_to({kFirst, kSecond}));
  const auto refused = migrate_to({kFirst});
  ASSERT_FAILS(Unsupported, refused);
  EXPECT_NE(refused.error().message.find("version 2, this program knows up to 1"),
            std::string::npos)
      << refused.error().message;
  EXPECT_OK(migrate_to({kFirst, kSecond}));
}

TEST_F(Migrate, FileOfAnotherProgramIsRefusedAndKept) {
  ASSERT_OK(database_->execute("CREATE TABLE theirs (a)"));
  EXPECT_FAILS(Unsupported, migrate_to({kFirst}));
  EXPECT_FALSE(has_table("schema_migrations"));

  ASSERT_OK(database_->execute("DROP TABLE theirs; PRAGMA application_id = 77"));
  EXPECT_FAILS(Unsupported, migrate_to({kFirst}));
  EXPECT_FALSE(has_table("schema_migrations"));
}

TEST_F(Migrate, VersionCanBeCheckedWithoutAChange) {
  const std::vector<EmbeddedFile> one{kFirst};
  const std::vector<EmbeddedFile> two{kFirst, kSecond};
  EXPECT_FAILS(Unsupported, check_version(*database_, one));
  EXPECT_FALSE(has_table("schema_migrations"));
  ASSERT_OK(migrate_to(one));
  EXPECT_OK(check_version(*database_, one));
  EXPECT_FAILS(Unsupported, check_version(*database_, two));
  EXPECT_EQ(versions(), "1");
  ASSERT_OK(migrate_to(two));
  EXPECT_FAILS(Unsupported, check_version(*database_, one));
}

// The names of the files are what orders them; the first is the schema in docs/formats.
TEST_F(Migrate, OursAreNumberedWithoutGaps) {
  int expected = 0;
  for (const EmbeddedFile& migration : embedded_files()) {
    EXPECT_TRUE(migration.name.starts_with(fmt::format("migrations/{:04}_", ++expected)))
        << migration.name;
  }
  EXPECT_GE(expected, 1);
  EXPECT_OK(migrate_to({embedded_files().begin(), embedded_files().end()}));
}

}  // namespace
}  // namespace entrepot::meta::sqlite
