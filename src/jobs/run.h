#pragma once
// jobs/run.h — what a handler is given: one run of a job, or one round.

#include <chrono>
#include <cstdint>

#include "base/bytes.h"
#include "base/context.h"
#include "base/result.h"

namespace entrepot::jobs {

// Lives as long as the handler's call, and belongs to its thread.
//
// Whatever call below returns an error: stop, and return it. What becomes of the job is the
// Runner's business; its progress is kept.
class Run {
 public:
  virtual ~Run() = default;

  // Is cancelled when the process ends.
  virtual Context& context() = 0;

  // A job's number and what was asked; 0 and empty for a round.
  virtual std::int64_t id() const = 0;
  virtual ByteView arguments() const = 0;

  // What was told last, by an earlier run of the same job perhaps: from there this one goes on.
  // Empty at the beginning. Until the next tell().
  virtual ByteView progress() const = 0;

  // How far it is. For a job this is durable when it returns; a round has nothing to keep. Extends
  // the lease, so it is to be called more often than that lasts. Cancelled: somebody wants the job
  // to end, or the process ends. Conflict: another process has taken over. Unavailable,
  // StorageFull.
  virtual Result<void> tell(ByteView progress) = 0;

  // Waits, for others to go first; ends early when the process ends (Cancelled). In a round, jobs
  // of the same kind that were asked for meanwhile are done in it. Conflict as above.
  virtual Result<void> rest(std::chrono::microseconds time) = 0;
};

}  // namespace entrepot::jobs
