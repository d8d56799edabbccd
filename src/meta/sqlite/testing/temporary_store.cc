#include "meta/sqlite/testing/temporary_store.h"

#include <unistd.h>

#include "base/check.h"

namespace entrepot::meta::sqlite::testing {

std::string fast_directory() {
  constexpr char kMemory[] = "/dev/shm";
  return ::access(kMemory, W_OK | X_OK) == 0 ? kMemory : ::testing::TempDir();
}

TemporaryStore::TemporaryStore() : directory_(fast_directory()) {
  options_.path = directory_ / "meta.db";
  reopen();
}

void TemporaryStore::reopen() {
  store_.reset();
  auto opened = SqliteStore::open(options_, clock_);
  CHECK(opened);
  store_ = std::move(*opened);
}

std::unique_ptr<TemporaryStore> open_temporary() { return std::make_unique<TemporaryStore>(); }

}  // namespace entrepot::meta::sqlite::testing
