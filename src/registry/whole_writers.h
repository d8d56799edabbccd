#pragma once
// registry/whole_writers.h — which upload sessions are being written by a request that counts as a
// whole or not at all, and where they stand without it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "blob/store.h"

namespace entrepot::registry {

// One entry a session, in memory, for as long as its newest writer is of that kind. Thread-safe;
// never blocks on a disk.
class WholeWriters {
 public:
  // Takes its entry out when it is destroyed.
  class Writer {
   public:
    Writer(WholeWriters& writers, std::string id, std::uint64_t number)
        : writers_(writers), id_(std::move(id)), number_(number) {}
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

   private:
    WholeWriters& writers_;
    const std::string id_;
    const std::uint64_t number_;
  };

  // The session's newest writer begins at `offset_bytes`. The list outlives it.
  std::unique_ptr<Writer> add(const blob::UploadId& id, std::uint64_t offset_bytes);

  // The session has another writer now.
  void forget(const blob::UploadId& id);

  // Where the session stands as long as its writer has not come to its end; nullopt: it has none of
  // this kind.
  std::optional<std::uint64_t> offset_of(const blob::UploadId& id) const;

 private:
  struct Entry {
    std::uint64_t offset_bytes = 0;
    std::uint64_t number = 0;  // of its writer
  };
  mutable Mutex mutex_;
  std::unordered_map<std::string, Entry> entries_ ENTREPOT_GUARDED_BY(mutex_);
  std::uint64_t numbers_ ENTREPOT_GUARDED_BY(mutex_) = 0;
};

}  // namespace entrepot::registry
