#pragma once
// http/server/internal/job_slot.h — work of an event loop's object that runs on another thread.

#include <functional>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/executor.h"
#include "base/memory.h"
#include "http/server/internal/event_loop.h"

namespace entrepot::http::server::internal {

// At most one job at once. What it does may use the owner's memory, so the owner must not be
// destroyed while out(); it hears of the end on its loop. A job that runs out of memory ends there;
// what it was to make is then missing. When `back` itself has none, `whom` is told, which outlives
// the slot.
class JobSlot {
 public:
  JobSlot(EventLoop& loop, Watched& whom) : loop_(loop), whom_(whom) {}

  bool out() const { return out_; }

  // Runs `work` on the executor, then `back` on the loop. Waits for memory if there is none.
  template <class Work, class Back>
  void run(Executor& executor, Work work, Back back) {
    CHECK(!out_);
    auto job = task(std::move(work), std::move(back));
    std::function<void()> packed;
    until_had_memory([&] { packed = std::move(job); });  // else it is still in `job`
    executor.post(std::move(packed));
    out_ = true;  // the job comes back through the loop that runs us
  }

  // The same, but false if the executor has no room.
  template <class Work, class Back>
  bool try_run(Executor& executor, Work work, Back back) {
    CHECK(!out_);
    auto job = task(std::move(work), std::move(back));
    out_ = executor.try_post(std::move(job));
    return out_;
  }

 private:
  template <class Work, class Back>
  auto task(Work work, Back back) {
    // Then the way back needs no memory.
    static_assert(sizeof(Back) <= sizeof(void*) && std::is_trivially_copyable_v<Back>);
    return [this, work = std::move(work), back = std::move(back)] {
      static_cast<void>(had_memory(work));
      loop_.post(
          [this, back] {
            out_ = false;
            back();
          },
          &whom_);
    };
  }

  EventLoop& loop_;
  Watched& whom_;
  bool out_ = false;  // the loop's alone
};

}  // namespace entrepot::http::server::internal
