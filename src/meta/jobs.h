#pragma once
// meta/jobs.h — durable work, and the right to do it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace entrepot::meta {

// A piece of durable background work: asked for by one process, done by another.
struct Job {
  std::int64_t id = 0;
  std::string kind;   // "collect"
  Bytes arguments;    // JSON, by kind
  std::string state;  // "queued", "running", "done", "failed"
  Bytes progress;     // JSON, by kind
  WallTime created_at;
  std::optional<WallTime> finished_at;
};

// Durable work and the right to do it.
class Jobs {
 public:
  virtual ~Jobs() = default;
  virtual Result<Job> find(std::int64_t id) const = 0;
  virtual Result<std::vector<Job>> recent(std::string_view kind,
                                          std::size_t limit) const = 0;  // newest first
  virtual Result<Job> enqueue(std::string_view kind, ByteView arguments, WallTime now) = 0;
  // The oldest queued job of that kind, now running. NotFound when there is none.
  virtual Result<Job> claim(std::string_view kind, WallTime now) = 0;
  virtual Result<void> progress(std::int64_t id, ByteView progress) = 0;
  virtual Result<void> finish(std::int64_t id, bool ok, ByteView progress, WallTime now) = 0;

  // Takes or extends the named lease; Conflict while another holder's runs.
  virtual Result<void> lease(std::string_view name, std::string_view holder, WallTime now,
                             WallTime until) = 0;
  virtual Result<void> release(std::string_view name, std::string_view holder) = 0;
};

}  // namespace entrepot::meta
