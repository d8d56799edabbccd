#pragma once
// base/error.h — why a call failed, in one of a closed list of ways.

#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace entrepot {

// The list is closed: a caller can switch over it. Wire codes (HTTP status, the OCI error codes)
// are made from these in api/ and nowhere else.
enum class ErrorCode {
  NotFound,            // what was asked for is not there
  MissingReference,    // what the caller's input names is not there: it must come first
  AlreadyExists,       // what was to be made is there already
  Conflict,            // the state of the thing forbids it (in use, immutable, changed meanwhile)
  PreconditionFailed,  // the thing is not what the caller said it must be for this
  InvalidArgument,     // the caller's input is malformed
  Unauthenticated,     // who are you?
  Denied,              // we know who you are, and no
  TooLarge,            // past a written limit
  QuotaExceeded,       // past a limit of this account
  RateLimited,         // too often
  Unsupported,         // legal, but not offered here
  Unavailable,         // trying again later may help
  Timeout,             // the deadline of the Context passed
  Cancelled,           // the caller went away
  StorageFull,         // the disk or a quota on it is full
  OutOfRange,          // offset or range outside of what is there
  DigestMismatch,      // a client's bytes do not hash to what the client said
  Corrupt,             // bytes at rest are damaged
  Internal,            // a fault of ours
};

// The enumerator's own name, for logs and metrics labels.
std::string_view name_of(ErrorCode code);

// A failure: the code decides what callers do, the message says it to a person. Messages never
// carry secrets.
struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;

  // The same error with what we were doing in front: "committing upload 17: no space left".
  Error within(std::string_view doing) &&;
};

}  // namespace entrepot

template <>
struct fmt::formatter<entrepot::Error> : fmt::formatter<std::string_view> {
  template <class FormatContext>
  auto format(const entrepot::Error& error, FormatContext& out) const {
    return fmt::format_to(out.out(), "{} ({})", error.message, entrepot::name_of(error.code));
  }
};
