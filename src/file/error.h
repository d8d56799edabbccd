#pragma once
// file/error.h — what an errno means to us.

#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "base/result.h"

namespace entrepot::file {

// - NotFound: ENOENT.
// - AlreadyExists: EEXIST.
// - Conflict: ENOTDIR, EISDIR, ENOTEMPTY, ENXIO, ELOOP. It is no file, or no folder, as it was to
//   be; a link is not followed.
// - StorageFull: ENOSPC, EDQUOT, EFBIG. Room would help.
// - Unavailable: any other, such as EACCES, EPERM, EROFS, EIO, ESTALE, EMFILE. A disk that is away,
//   or not ours just now, says nothing about what is on it: never NotFound, never Corrupt.
ErrorCode code_of(int error);

// "opening /data/docker: Permission denied", from failed(errno, "opening {}", path).
Failure failed_with(int error, std::string&& doing);
template <class... Args>
Failure failed(int error, fmt::format_string<Args...> doing, Args&&... args) {
  return failed_with(error, fmt::format(doing, std::forward<Args>(args)...));
}

// The same, of what a person named who now waits for the answer (a command, the start of the
// server): EACCES, EPERM and EROFS are Denied, because trying again would not help.
Failure refused_with(int error, std::string&& doing);
template <class... Args>
Failure refused(int error, fmt::format_string<Args...> doing, Args&&... args) {
  return refused_with(error, fmt::format(doing, std::forward<Args>(args)...));
}

}  // namespace entrepot::file
