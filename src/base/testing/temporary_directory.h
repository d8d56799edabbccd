#pragma once
// base/testing/temporary_directory.h — a directory that is empty at first and gone afterwards.

#include <stdlib.h>

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
