#pragma once
// meta/sqlite/testing/temporary_store.h — a real store in a directory of its own that goes with it.

#include <memory>
#include <string>

#include "base/testing/fake_clock.h"
#include "base/testing/temporary_directory.h"
#include "meta/sqlite/store.h"
#include "meta/testing/store_conformance.h"

namespace entrepot::meta::sqlite::testing {

// Where files of tests are kept in memory, if the machine has such a place: a sync to a busy disk
// costs each test milliseconds.
std::string fast_directory();

// Dies when the store cannot be opened.
class TemporaryStore final : public meta::testing::StoreUnderTest {
 public:
  TemporaryStore();

  SqliteStore& store() override { return *store_; }
  void reopen() override;
  void pass(std::chrono::milliseconds time) override { clock_.advance(time); }
  const std::string& path() const { return options_.path; }

 private:
  entrepot::testing::TemporaryDirectory directory_;
  entrepot::testing::FakeClock clock_;
  SqliteStore::Options options_;
  std::unique_ptr<SqliteStore> store_;
};

// For the tests of those who use a meta::Store:
//   const auto metadata = meta::sqlite::testing::open_temporary();
//   Pusher pusher(metadata->store(), …);
std::unique_ptr<TemporaryStore> open_temporary();

}  // namespace entrepot::meta::sqlite::testing
