#include "blob/fs/testing/faulty_disk.h"

#include <algorithm>
#include <cerrno>

namespace entrepot::blob::fs::testing {

FaultyDisk::FaultyDisk(const std::string& directory) : real_(open_root(directory).value()) {}

void FaultyDisk::fail_call(std::size_t nth, int error, bool lasting) {
  const MutexLock lock(mutex_);
  failing_call_ = nth;
  error_ = error;
  lasting_ = lasting;
  record_.clear();
}

void FaultyDisk::heal() { fail_call(0, 0); }

void FaultyDisk::be_nervous(std::size_t write_limit_bytes) {
  const MutexLock lock(mutex_);
  write_limit_bytes_ = write_limit_bytes;
}

std::size_t FaultyDisk::calls() const {
  const MutexLock lock(mutex_);
  return record_.size();
}

std::vector<std::string> FaultyDisk::record() const {
  const MutexLock lock(mutex_);
  return record_;
}

int FaultyDisk::begin(std::string call, bool may_be_interrupted) {
  const MutexLock lock(mutex_);
  record_.push_back(std::move(call));
  const bool due = failing_call_ != 0 && (record_.size() == failing_call_ ||
                                          (lasting_ && record_.size() > failing_call_));
  if (due) return -error_;
  if (write_limit_bytes_ == 0 || !may_be_interrupted) return 0;
  just_interrupted_ = !just_interrupted_;
  return just_interrupted_ ? -EINTR : 0;
}

std::size_t FaultyDisk::most_of(std::size_t size_bytes) const {
  const MutexLock lock(mutex_);
  return write_limit_bytes_ == 0 ? size_bytes : std::min(size_bytes, write_limit_bytes_);
}

std::string FaultyDisk::path_of(int descriptor) const {
  const MutexLock lock(mutex_);
  return paths_.at(descriptor);
}

int FaultyDisk::open(const std::string& path, int flags) {
  if (const int error = begin("open " + path)) return error;
  const int descriptor = real_.open(path, flags);
  if (descriptor < 0) return descriptor;
  const MutexLock lock(mutex_);
  paths_[descriptor] = path;
  return descriptor;
}

ssize_t FaultyDisk::write(int descriptor, ByteView bytes, std::uint64_t offset_bytes) {
  if (const int error = begin("write " + path_of(descriptor))) return error;
  const std::size_t limit = most_of(bytes.size());
  return real_.write(descriptor, bytes.substr(0, limit), offset_bytes);
}

int FaultyDisk::truncate(int descriptor, std::uint64_t size_bytes) {
  if (const int error = begin("truncate " + path_of(descriptor))) return error;
  return real_.truncate(descriptor, size_bytes);
}

int FaultyDisk::allocate(int descriptor, std::uint64_t size_bytes) {
  if (const int error = begin("allocate " + path_of(descriptor))) return error;
  return real_.allocate(descriptor, size_bytes);
}

int FaultyDisk::start_writeback(int descriptor, ByteRange /*range*/) {
  return begin("start_writeback " + path_of(descriptor), false);
}

int FaultyDisk::sync_data(int descriptor) {
  return begin("sync_data " + path_of(descriptor), false);
}

int FaultyDisk::sync_directory(const std::string& path) {
  return begin("sync_directory " + path, false);
}

int FaultyDisk::rename(const std::string& from, const std::string& to) {
  if (const int error = begin("rename " + from + " " + to)) return error;
  return real_.rename(from, to);
}

int FaultyDisk::remove_file(const std::string& path) {
  if (const int error = begin("remove_file " + path)) return error;
  return real_.remove_file(path);
}

int FaultyDisk::make_directory(const std::string& path) {
  if (const int error = begin("make_directory " + path)) return error;
  return real_.make_directory(path);
}

int FaultyDisk::remove_directory(const std::string& path) {
  if (const int error = begin("remove_directory " + path)) return error;
  return real_.remove_directory(path);
}

}  // namespace entrepot::blob::fs::testing
