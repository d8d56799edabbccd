#pragma once
// meta/jobs.h — durable work, and the right to do it.

#include <chrono>
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
  std::string state;  // "queued", "running", "done", "failed", "cancelled"
  Bytes progress;     // JSON, by kind
  WallTime created_at;
  std::optional<WallTime> finished_at;
  std::int64_t attempts = 0;   // how often it was claimed, but for runs that were cut short
  std::string owner;           // who claimed it; empty while it is queued
  bool cancel_wished = false;  // somebody wants its run to end
};

enum class JobEnd { Done, Failed, Cancelled };

// How a run gives back a job that it did not end.
struct PutBack {
  Bytes progress;                      // for the next run to go on from
  std::chrono::milliseconds after{0};  // when it is due again; an hour at most
  bool counts = true;                  // false: the run was cut short, and is no attempt
};

// Durable work, and the right to do it. Whoever claimed a job owns it until it ends or is put back;
// what others tell of it is refused. When a job is due and when a lease ends is judged by the
// store's own clock, so both are durations here; `now` is for people to read.
class Jobs {
 public:
  virtual ~Jobs() = default;
  virtual Result<Job> find(std::int64_t id) const = 0;
  virtual Result<std::vector<Job>> recent(std::string_view kind,
                                          std::size_t limit) const = 0;  // newest first
  // Would claim() find one? One look into an index of what has not ended.
  virtual Result<bool> waits(std::string_view kind) const = 0;

  virtual Result<Job> enqueue(std::string_view kind, ByteView arguments, WallTime now) = 0;

  // The next job of that kind, now running and the owner's, with one attempt more. Those come first
  // that wait for nothing, the oldest of them first; then those that were put back for later, once
  // they are due. It may have been left running: so this is for the holder of the kind's lease, or
  // who knows that nobody else lives. NotFound when there is none. One indexed look-up.
  virtual Result<Job> claim(std::string_view kind, std::string_view owner) = 0;

  // Of a job that runs, by its owner. Conflict: it does not run, or is another's; NotFound.
  // progress() returns whether somebody wants the run to end.
  virtual Result<bool> progress(std::int64_t id, std::string_view owner, ByteView progress) = 0;
  virtual Result<void> put_back(std::int64_t id, std::string_view owner, const PutBack& how) = 0;
  virtual Result<void> finish(std::int64_t id, std::string_view owner, JobEnd end,
                              ByteView progress, WallTime now) = 0;

  // A queued job ends at once; the owner of a running one is told at its next progress(). Nothing
  // happens to one that has ended. NotFound.
  virtual Result<void> cancel(std::int64_t id, WallTime now) = 0;

  // Takes the named lease, or extends it, from now on; Conflict while another holder's runs. It
  // lasts an hour at most, so one that ends later was stamped by a wrong clock, and counts for
  // none.
  virtual Result<void> lease(std::string_view name, std::string_view holder,
                             std::chrono::milliseconds duration) = 0;
  virtual Result<void> release(std::string_view name, std::string_view holder) = 0;
  static constexpr std::chrono::hours kLongestWait{1};
};

}  // namespace entrepot::meta
