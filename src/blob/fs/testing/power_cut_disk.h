#pragma once
// blob/fs/testing/power_cut_disk.h — a Disk that knows what would be left if the power went.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "blob/fs/internal/disk.h"

namespace entrepot::blob::fs::testing {

// Works on a real directory, which must be empty at first, and keeps a model of it beside: of each
// file the bytes that were written and those that were synced, of each directory the names that
// were given and those that were synced. Nothing is really synced. Thread-safe.
class PowerCutDisk final : public Disk {
 public:
  explicit PowerCutDisk(const std::string& directory);

  // The power goes after so many more calls, or never: those that follow answer -EIO and do
  // nothing. Or a process is killed so: who lets the calls work again finds all as it was.
  void cut_after(std::size_t calls);
  static constexpr std::size_t kNever = std::size_t{1} << 40;
  std::size_t calls() const;  // since the beginning; after the cut, those before it

  // What of a change that nobody synced is on the disk: POSIX promises nothing, so a test tries
  // all.
  struct Luck {
    std::function<bool()> keeps_name;
    enum class Bytes { Old, New, NewSizeWithoutBytes };
    std::function<Bytes()> keeps_bytes;
  };

  // Writes into an empty directory what the disk would hold after a cut now.
  void write_survivors(const std::string& directory, const Luck& luck) const;

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
  struct Node;
  using NodePointer = std::shared_ptr<Node>;
  using Names = std::map<std::string, NodePointer>;

  // A file or directory: what the running system sees, and what was synced of it.
  struct Node {
    bool directory = false;
    Bytes bytes, synced_bytes;
    Names names, synced_names;
  };

  // Counts the call; false when the power is off.
  bool powered() ENTREPOT_REQUIRES(mutex_);
  NodePointer find(const std::string& path) const ENTREPOT_REQUIRES(mutex_);
  Names& siblings(const std::string& path) const ENTREPOT_REQUIRES(mutex_);
  static void write_node(const Node& node, const std::string& path, const Luck& luck);

  PosixDisk real_;
  mutable Mutex mutex_;
  const NodePointer root_;  // the mutex guards all nodes
  std::map<int, NodePointer> open_files_ ENTREPOT_GUARDED_BY(mutex_);
  std::size_t calls_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  std::size_t last_call_ ENTREPOT_GUARDED_BY(mutex_) = static_cast<std::size_t>(-1);
};

}  // namespace entrepot::blob::fs::testing
