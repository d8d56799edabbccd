#include "base/error.h"

namespace entrepot {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::NotFound:
      return "NotFound";
    case ErrorCode::MissingReference:
      return "MissingReference";
    case ErrorCode::AlreadyExists:
      return "AlreadyExists";
    case ErrorCode::Conflict:
      return "Conflict";
    case ErrorCode::PreconditionFailed:
      return "PreconditionFailed";
    case ErrorCode::InvalidArgument:
      return "InvalidArgument";
    case ErrorCode::Unauthenticated:
      return "Unauthenticated";
    case ErrorCode::Denied:
      return "Denied";
    case ErrorCode::TooLarge:
      return "TooLarge";
    case ErrorCode::QuotaExceeded:
      return "QuotaExceeded";
    case ErrorCode::RateLimited:
      return "RateLimited";
    case ErrorCode::Unsupported:
      return "Unsupported";
    case ErrorCode::Unavailable:
      return "Unavailable";
    case ErrorCode::Timeout:
      return "Timeout";
    case ErrorCode::Cancelled:
      return "Cancelled";
    case ErrorCode::StorageFull:
      return "StorageFull";
    case ErrorCode::OutOfRange:
      return "OutOfRange";
    case ErrorCode::DigestMismatch:
      return "DigestMismatch";
    case ErrorCode::Corrupt:
      return "Corrupt";
    case ErrorCode::Internal:
      return "Internal";
  }
  return "Internal";
}

Error Error::within(std::string_view doing) && {
  message = fmt::format("{}: {}", doing, message);
  return std::move(*this);
}

}  // namespace entrepot
