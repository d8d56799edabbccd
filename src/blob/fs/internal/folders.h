#pragma once
// blob/fs/internal/folders.h — is what the store stands on still there?

#include <atomic>
#include <optional>
#include <string_view>

#include "blob/fs/internal/files.h"

namespace entrepot::blob::fs {

// Tells a blob that is gone from a store that is: a disk that was unmounted, a directory that
// somebody moved or emptied under a running server. The folder of the blobs must be the very one
// that was there at the start, since another one says nothing about what was stored; that of the
// uploads must be there. Thread-safe; blocks, for a look at each folder.
class Folders {
 public:
  explicit Folders(const Files& files) : files_(files) {}

  // Once, when they are made.
  Result<void> remember();

  // Unavailable.
  Result<void> require_blobs() const;
  Result<void> require_all() const;

  // What the store answers: a "not there" of a store that is there, in these words; else a path of
  // the disk might reach a client. Something of another kind that is in the way is our trouble.
  template <class T>
  Result<T> answer_about_blobs(Result<T> result, std::string_view nothing_there) const {
    if (result) return result;
    if (result.error().code == ErrorCode::NotFound) TRY(require_blobs());
    return in_words(std::move(result).error(), nothing_there);
  }
  template <class T>
  Result<T> answer(Result<T> result, std::string_view nothing_there) const {
    if (result) return result;
    if (result.error().code == ErrorCode::NotFound) TRY(require_all());
    return in_words(std::move(result).error(), nothing_there);
  }

 private:
  static Failure in_words(Error error, std::string_view nothing_there);
  Result<void> look_at_uploads() const;

  const Files& files_;
  std::optional<FileIdentity> blobs_;
  // Who owns the directory tells of the blobs; without uploads only pushes fail, which is told
  // here, once.
  mutable std::atomic<bool> uploads_away_ = false;
};

}  // namespace entrepot::blob::fs
