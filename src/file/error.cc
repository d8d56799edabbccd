#include "file/error.h"

#include <cerrno>
#include <system_error>

namespace entrepot::file {
namespace {

Failure with_words(ErrorCode code, int error, std::string&& doing) {
  doing += ": ";
  doing += std::generic_category().message(error);
  return Failure(Error{code, std::move(doing)});
}

}  // namespace

ErrorCode code_of(int error) {
  switch (error) {
    case ENOENT:
      return ErrorCode::NotFound;
    case EEXIST:
      return ErrorCode::AlreadyExists;
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY:
    case ENXIO:
    case ELOOP:
      return ErrorCode::Conflict;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::StorageFull;
    default:
      return ErrorCode::Unavailable;
  }
}

Failure failed_with(int error, std::string&& doing) {
  return with_words(code_of(error), error, std::move(doing));
}

Failure refused_with(int error, std::string&& doing) {
  const bool denied = error == EACCES || error == EPERM || error == EROFS;
  return with_words(denied ? ErrorCode::Denied : code_of(error), error, std::move(doing));
}

}  // namespace entrepot::file
