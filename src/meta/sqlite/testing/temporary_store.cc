#include "meta/sqlite/testing/temporary_store.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/check.h"

namespace entrepot::meta::sqlite::testing {

namespace {

// Memory where there is some: a sync to a busy disk costs a test milliseconds.
std::string folder_for_tests() {
  constexpr char kMemory[] = "/dev/shm";
  if (::access(kMemory, W_OK | X_OK) == 0) return kMemory;
  return std::filesystem::temp_directory_path();
}

}  // namespace

TemporaryFolder::TemporaryFolder() : path_(folder_for_tests() + "/entrepot-meta-XXXXXX") {
  CHECK(::mkdtemp(path_.data()) != nullptr);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TemporaryStore::TemporaryStore() {
  options_.path = folder_.path() + "/meta.db";
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
