#pragma once
// blob/fs/testing/faulty_disk.h — a Disk that records what it is told, and fails on demand.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "blob/fs/internal/disk.h"

namespace entrepot::blob::fs::testing {

// Does on a real directory what it is told, except that nothing is really synced. Thread-safe.
class FaultyDisk final : public Disk {
 public:
  explicit FaultyDisk(const std::string& directory);

  // The n-th call from now on answers -error and does nothing, n = 1 being the next; only that one,
  // or with `lasting` all after it, too. Forgets earlier faults and what was recorded.
  void fail_call(std::size_t nth, int error, bool lasting = false);
  // No call fails. Forgets what was recorded.
  void heal();

  // Each call but a sync is interrupted (EINTR) the first time, and a write takes at most so many
  // bytes.
  void be_nervous(std::size_t write_limit_bytes);

  // Calls since the last fail_call() or heal().
  std::size_t calls() const;

  // The same calls, such as "sync_data entrepot/uploads/<id>"; what was interrupted or failed, too.
  std::vector<std::string> record() const;

  int open(const std::string& path, int flags) override;
  ssize_t write(int descriptor, ByteView bytes, std::uint64_t offset_bytes) override;
  int truncate(int descriptor, std::uint64_t size_bytes) override;
  int allocate(int descriptor, std::uint64_t size_bytes) override;
  int start_writeback(int descriptor, ByteRange range) override;
  int sync_data(int descriptor) override;
  int sync_directory(const std::string& path) override;
  int rename(const std::string& from, const std::string& to) override;
  int remove_file(const std::string& path) override;
  int make_directory(const std::string& path) override;
  int remove_directory(const std::string& path) override;

 private:
  // Records a call; a negative errno when it shall fail, else 0.
  int begin(std::string call, bool may_be_interrupted = true);
  std::string path_of(int descriptor) const;
  std::size_t most_of(std::size_t size_bytes) const;  // that one write takes

  PosixDisk real_;
  mutable Mutex mutex_;
  std::vector<std::string> record_ ENTREPOT_GUARDED_BY(mutex_);
  std::map<int, std::string> paths_
      ENTREPOT_GUARDED_BY(mutex_);                            // by descriptor; the newest opened
  std::size_t failing_call_ ENTREPOT_GUARDED_BY(mutex_) = 0;  // 0: none
  int error_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  bool lasting_ ENTREPOT_GUARDED_BY(mutex_) = false;
  std::size_t write_limit_bytes_ ENTREPOT_GUARDED_BY(mutex_) = 0;  // 0: not nervous
  bool just_interrupted_ ENTREPOT_GUARDED_BY(mutex_) = false;
};

}  // namespace entrepot::blob::fs::testing
