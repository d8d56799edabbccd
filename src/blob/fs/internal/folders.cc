#include "blob/fs/internal/folders.h"

#include "base/log.h"
#include "blob/fs/internal/layout.h"

namespace entrepot::blob::fs {

Result<void> Folders::remember() {
  TRY_ASSIGN(blobs_, files_.identity_of_folder(std::string(layout::kBlobs)));
  return look_at_uploads();
}

Result<void> Folders::require_blobs() const {
  const auto found = files_.identity_of_folder(std::string(layout::kBlobs));
  if (!found) {
    return fail(ErrorCode::Unavailable, "the folder of the blobs is gone: {}",
                found.error().message);
  }
  if (*found == blobs_) return {};
  return fail(ErrorCode::Unavailable, "the folder of the blobs is another one than at the start");
}

Result<void> Folders::require_all() const {
  TRY(require_blobs());
  auto looked = look_at_uploads();
  if (uploads_away_.exchange(!looked) == !looked) return looked;
  if (looked) {
    log::info("the folder of the uploads is back: pushes go on");
  } else {
    log::error("{}; pushes are refused until it is back", looked.error());
  }
  return looked;
}

Failure Folders::in_words(Error error, std::string_view nothing_there) {
  if (error.code == ErrorCode::NotFound) error.message = nothing_there;
  if (error.code == ErrorCode::Conflict || error.code == ErrorCode::AlreadyExists) {
    error.code = ErrorCode::Unavailable;
  }
  return Failure(std::move(error));
}

Result<void> Folders::look_at_uploads() const {
  const auto found = files_.identity_of_folder(std::string(layout::kUploads));
  if (found) return {};
  return fail(ErrorCode::Unavailable, "the folder of the uploads is gone: {}",
              found.error().message);
}

}  // namespace entrepot::blob::fs
