#pragma once
// jobs/runner.h — the background work of one process.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "jobs/run.h"
#include "meta/store.h"

namespace entrepot::jobs {

// Work that comes round by itself, at once and then again and again. It leaves no row: what it has
// to keep, it keeps.
struct Rounds {
  std::function<Result<void>(Run&)> handler;
  std::chrono::milliseconds interval;        // between the end of one and the begin of the next
  std::chrono::milliseconds after_error{0};  // instead of a shorter interval, when one failed
};

// One kind of work. A handler may be run again after any of its steps, by another process, too; so
// each step must leave everything right.
struct Kind {
  std::string name;  // "collect": of its rows in meta::Jobs, and of its lease
  std::string who;   // "collector": who does it, for the log and its thread; 15 characters at most

  // Does what a row asks; returns the job's last progress. None: nobody can ask for it.
  std::function<Result<Bytes>(Run&)> job;

  // None: only what is asked for is done.
  std::optional<Rounds> rounds;
};

// Runs jobs and rounds, each kind on a thread of its own, so that a long scrub holds up no
// collector. Of one kind one thing is done at a time, jobs before rounds, and by one process at a
// time among those that share the store: by the lease of the kind's name.
//
// A job is durable from Jobs::enqueue() on. It ends as
//   done       when its handler returns;
//   cancelled  when somebody wished so, and the handler stopped at tell();
//   failed     when the handler fails; at once, but for Unavailable and Timeout: these are tried
//              again, each time after twice as long, until the attempts are used up.
// It is queued again, with the progress that was told last, when the handler stops because the
// process ends (it goes on at once where the next one begins) or because it says Cancelled of its
// own (later). What a killed process left running is taken over, which counts as an attempt: a job
// that kills whoever runs it ends as failed, too.
//
// An error that nobody asked for is logged, and so is one of a round, which then waits for the
// next.
class Runner {
 public:
  struct Options {
    // This process among those that share the store: see process_name().
    std::string owner;

    // No other process works on the store as long as this one lives. Then there is nobody to keep
    // out: no lease is taken, and what is found running was left by one that is gone.
    bool sole = false;

    std::chrono::milliseconds poll{1000};     // between two looks for jobs
    std::chrono::milliseconds lease{60'000};  // longer than a handler needs between two tell()
    std::int64_t attempts = 5;                // of a job that fails in a way that may pass
    std::chrono::milliseconds retry{1000};    // after the first of them
    std::chrono::milliseconds most_retry{60'000};
  };

  // Begins at once. Store, clock and what the handlers use outlive the runner.
  Runner(meta::Store& meta, const Clock& clock, const Options& options, std::vector<Kind> kinds);

  // Stops all kinds together, as soon as each handler asks for its next step; gives the leases
  // back.
  ~Runner();

 private:
  class Worker;
  std::vector<std::unique_ptr<Worker>> workers_;
};

// "host/pid/random": no other process has it, not even a later one.
std::string process_name();

}  // namespace entrepot::jobs
