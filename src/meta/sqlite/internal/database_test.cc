#include "meta/sqlite/internal/database.h"

#include <fstream>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kMake[] = "CREATE TABLE t (a INTEGER, b TEXT, c BLOB) STRICT";
constexpr char kInsert[] = "INSERT INTO t VALUES (?1, ?2, ?3)";
constexpr char kRead[] = "SELECT a, b, c FROM t";
// Counts for hours.
constexpr char kEndless[] =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e15)"
    " SELECT sum(i) FROM n";

class DatabaseTest : public ::testing::Test {
 protected:
  DatabaseTest() {
    options_.path = directory_ / "test.db";
    options_.mode = Database::Mode::ReadWrite;
    database_ = Database::open(options_).value();
    EXPECT_OK(database_->run(kMake));
  }

  entrepot::testing::TemporaryDirectory directory_;
  Database::Options options_;
  std::unique_ptr<Database> database_;
};

TEST_F(DatabaseTest, ValuesComeBackAsTheyWereBound) {
  const Bytes octets("\0\xff\0", 3);
  ASSERT_OK(database_->run(kInsert, std::int64_t{-5}, std::string_view("a\0b", 3), Octets{octets}));
  ASSERT_OK(
      database_->run(kInsert, std::optional<WallTime>(), std::string_view(), Octets{ByteView()}));
  Query query = database_->query(kRead).value();
  ASSERT_TRUE(query.next().value());
  EXPECT_EQ(query.integer(0), -5);
  EXPECT_EQ(query.text(1), std::string_view("a\0b", 3));
  EXPECT_EQ(query.blob(2), octets);
  ASSERT_TRUE(query.next().value());
  EXPECT_TRUE(query.is_null(0));
  EXPECT_FALSE(query.is_null(1));
  EXPECT_EQ(query.text(1), "");
  EXPECT_FALSE(query.is_null(2));
  EXPECT_EQ(query.blob(2), "");
  EXPECT_FALSE(query.next().value());
}

TEST_F(DatabaseTest, StatementsArePreparedOnce) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(database_->exists(kRead).value(), false);
  EXPECT_EQ(database_->prepared_sql().size(), 2u);  // kMake and kRead
}

TEST_F(DatabaseTest, RunTellsHowManyRowsChanged) {
  constexpr char kUpdate[] = "UPDATE t SET a = 1";
  EXPECT_EQ(database_->run(kUpdate).value(), 0);
  ASSERT_OK(database_->run(kInsert, 1, nullptr, nullptr));
  ASSERT_OK(database_->run(kInsert, 2, nullptr, nullptr));
  EXPECT_EQ(database_->run(kUpdate).value(), 2);
}

TEST_F(DatabaseTest, LongStatementEndsWithItsContext) {
  Context late("late", std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
  database_->watch(&late);
  EXPECT_FAILS(Timeout, database_->exists(kEndless));
  Context cancelled;
  cancelled.cancel();
  database_->watch(&cancelled);
  EXPECT_FAILS(Cancelled, database_->exists(kEndless));
  database_->watch(nullptr);
  EXPECT_OK(database_->exists(kRead));
}

TEST_F(DatabaseTest, ReadOnlyConnectionCannotWrite) {
  options_.mode = Database::Mode::ReadOnly;
  const auto reader = Database::open(options_).value();
  EXPECT_OK(reader->exists(kRead));
  EXPECT_FAILS(Unavailable, reader->run(kInsert, 1, nullptr, nullptr));
}

TEST_F(DatabaseTest, FileThatCannotBeOpenedIsUnavailable) {
  options_.path = directory_ / "no/such/folder/test.db";
  EXPECT_FAILS(Unavailable, Database::open(options_));
  options_.path = directory_ / "absent.db";
  options_.mode = Database::Mode::ReadOnly;
  EXPECT_FAILS(Unavailable, Database::open(options_));
}

TEST_F(DatabaseTest, OtherBytesAreCorrupt) {
  options_.path = directory_ / "other.db";
  std::ofstream(options_.path) << std::string(4096, 'x');
  const auto other = Database::open(options_);
  const auto read =
      other ? (*other)->exists(kRead) : propagate(Result<bool>(Failure(other.error())));
  EXPECT_FAILS(Corrupt, Result<bool>(read));
}

// A wrong statement is a fault of ours, and names what is wrong.
TEST_F(DatabaseTest, WrongStatementIsInternal) {
  constexpr char kWrong[] = "SELECT a FROM nowhere";
  const auto wrong = database_->exists(kWrong);
  ASSERT_FAILS(Internal, wrong);
  EXPECT_NE(wrong.error().message.find("nowhere"), std::string::npos);
}

}  // namespace
}  // namespace entrepot::meta::sqlite
