#pragma once
// base/testing/temporary_directory.h — a directory that is empty at first and gone afterwards.

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

namespace entrepot::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() : TemporaryDirectory(::testing::TempDir()) {}

  // In the directory `parent`.
  explicit TemporaryDirectory(const std::string& parent) : path_(parent + "/entrepot-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }

  // For tests that make many files and mean no disk: in memory, where the machine has such a place.
  static TemporaryDirectory in_memory() {
    return TemporaryDirectory(::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : ::testing::TempDir());
  }

  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace entrepot::testing
