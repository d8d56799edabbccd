#include "meta/sqlite/internal/readers.h"

#include <future>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"
#include "meta/sqlite/internal/migrate.h"

namespace entrepot::meta::sqlite {
namespace {

class ReadersTest : public ::testing::Test {
 protected:
  ReadersTest() {
    options_.path = directory_ / "meta.db";
    options_.mode = Database::Mode::ReadWrite;
    writer_ = Database::open(options_).value();
    EXPECT_OK(migrate(*writer_, embedded_files(), from_unix_micros(0)));
    options_.mode = Database::Mode::ReadOnly;
  }

  static Result<void> nothing(const Snapshot&) { return {}; }

  entrepot::testing::TemporaryDirectory directory_;
  Database::Options options_;
  Health health_;
  std::unique_ptr<Database> writer_;
  Context context_;
};

TEST_F(ReadersTest, OneMoreThanThereAreConnectionsWaits) {
  Readers readers(options_, 1, health_);
  std::promise<void> began;
  std::promise<void> release;
  auto busy = std::async(std::launch::async, [&] {
    Context own;
    return readers.look(own, [&](const Snapshot&) -> Result<void> {
      began.set_value();
      release.get_future().wait();
      return {};
    });
  });
  began.get_future().wait();
  Context late("late", std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
  EXPECT_FAILS(Timeout, readers.look(late, &nothing));
  auto waiting = std::async(std::launch::async, [&] {
    Context own;
    return readers.look(own, &nothing);
  });
  release.set_value();
  EXPECT_OK(busy.get());
  EXPECT_OK(waiting.get());
}

// A read inside a read is legal while a connection is left.
TEST_F(ReadersTest, ReadsNest) {
  Readers readers(options_, 2, health_);
  EXPECT_OK(
      readers.look(context_, [&](const Snapshot&) { return readers.look(context_, &nothing); }));
}

TEST_F(ReadersTest, ConnectionThatCannotBeOpenedIsNotCounted) {
  Database::Options wrong = options_;
  wrong.path = directory_ / "absent.db";
  Readers readers(wrong, 1, health_);
  for (int i = 0; i < 3; ++i) EXPECT_FAILS(Unavailable, readers.look(context_, &nothing));
}

}  // namespace
}  // namespace entrepot::meta::sqlite
