#include "server/host/system_error.h"

#include <cerrno>
#include <system_error>

namespace entrepot::server {
namespace {

ErrorCode code_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::NotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::Denied;
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::StorageFull;
    default:
      return ErrorCode::Unavailable;
  }
}

}  // namespace

Failure system_error(int error, std::string_view doing) {
  return fail(code_of(error), "{}: {}", doing, std::generic_category().message(error));
}

}  // namespace entrepot::server
