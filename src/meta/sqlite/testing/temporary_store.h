#pragma once
// meta/sqlite/testing/temporary_store.h — a real store in a folder of its own that goes with it.

#include <memory>
#include <string>

#include "base/testing/fake_clock.h"
#include "meta/sqlite/store.h"
#include "meta/testing/store_conformance.h"

namespace entrepot::meta::sqlite::testing {

// A folder for one test, in memory if possible; removed with everything in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Dies when the store cannot be opened.
class TemporaryStore final : public meta::testing::StoreUnderTest {
 public:
  TemporaryStore();

  SqliteStore& store() override { return *store_; }
  void reopen() override;
  const std::string& path() const { return options_.path; }

 private:
  TemporaryFolder folder_;
  entrepot::testing::FakeClock clock_;
  SqliteStore::Options options_;
  std::unique_ptr<SqliteStore> store_;
};

// For the tests of those who use a meta::Store:
//   const auto metadata = meta::sqlite::testing::open_temporary();
//   Pusher pusher(metadata->store(), …);
std::unique_ptr<TemporaryStore> open_temporary();

}  // namespace entrepot::meta::sqlite::testing
