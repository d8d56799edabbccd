#pragma once
// meta/ended_uploads.h — upload sessions that nobody may go on with.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "meta/rows.h"

namespace entrepot::meta {

// How an upload session ended.
struct EndedUpload {
  std::string id;
  WallTime started_at;
  WallTime ended_at;
  std::optional<Digest> digest;  // the blob, as the request named it that made one; none: dropped
};

// Upload sessions that ended, so that nobody goes on with one, not even after a restart. When a
// session began is half of its name: its location tells, and the rows stand in that order.
class EndedUploads {
 public:
  virtual ~EndedUploads() = default;
  virtual Result<EndedUpload> find(std::string_view id, WallTime started_at) const = 0;
  // When the youngest of them began. NotFound: there is none.
  virtual Result<WallTime> youngest() const = 0;

  // Once added, a session stays as it was added first.
  virtual Result<void> add(const EndedUpload& upload) = 0;
  // Forgets those that began and ended before `before`, at most `limit`; returns how many.
  virtual Result<std::size_t> purge(WallTime before, std::size_t limit) = 0;
};

}  // namespace entrepot::meta
