#pragma once
// meta/sqlite/testing/faulty_vfs.h — a disk that fails on demand, below SQLite.

#include <atomic>
#include <string>

#include <sqlite3.h>

namespace entrepot::meta::sqlite::testing {

// A file layer over the system's own, registered with SQLite under name() for as long as it lives;
// it must outlive every connection that uses it. Counts what would change a file (writes, syncs,
// truncations), and fails the n-th of them as it is told. A failed operation has no effect.
// Thread-safe.
class FaultyVfs {
 public:
  FaultyVfs();
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  const std::string& name() const { return name_; }

  enum class How {
    DiskFull,    // ENOSPC
    QuotaFull,   // EDQUOT, for which SQLite has no code of its own
    BadDisk,     // EIO
    ReadOnlyFs,  // EROFS
  };

  // The n-th operation from now on (from 1) fails, once.
  void fail_once(int n, How how) { arm(n, how, false); }
  // So do all after it, until heal().
  void fail_from(int n, How how) { arm(n, how, true); }
  void heal() { left_ = kNever; }

  // Has an operation failed since the last fail_…()?
  bool failed() const { return failed_; }
  // Operations since the layer was made.
  int operations() const { return operations_; }
  int syncs() const { return syncs_; }

 private:
  friend struct FaultyCalls;
  static constexpr int kNever = 0;

  void arm(int n, How how, bool stays);
  // SQLITE_OK when the operation may go on to the disk.
  int before_operation(int io_error);

  const std::string name_;
  sqlite3_vfs* const system_;
  sqlite3_vfs vfs_;

  std::atomic<int> left_ = kNever;  // until the failure, it included
  std::atomic<bool> stays_ = false;
  std::atomic<How> how_ = How::BadDisk;
  std::atomic<bool> failed_ = false;
  std::atomic<int> operations_ = 0;
  std::atomic<int> syncs_ = 0;
};

}  // namespace entrepot::meta::sqlite::testing
