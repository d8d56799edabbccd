#pragma once
// http/internal/job_slot.h — work of an event loop's object that runs on another thread.

#include <utility>

#include "base/check.h"
#include "base/executor.h"
#include "http/internal/event_loop.h"

namespace entrepot::http::internal {

// At most one job at once. What it does may use the owner's memory, so the owner must not be
// destroyed while out(); it hears of the end on its loop.
class JobSlot {
 public:
  explicit JobSlot(EventLoop& loop) : loop_(loop) {}

  bool out() const { return out_; }

  // Runs `work` on the executor, then `back` on the loop.
  template <class Work, class Back>
  void run(Executor& executor, Work work, Back back) {
    CHECK(!out_);
    out_ = true;
    executor.post(task(std::move(work), std::move(back)));
  }

  // The same, but false if the executor has no room.
  template <class Work, class Back>
  bool try_run(Executor& executor, Work work, Back back) {
    CHECK(!out_);
    out_ = true;  // before the task can come back
    out_ = executor.try_post(task(std::move(work), std::move(back)));
    return out_;
  }

 private:
  template <class Work, class Back>
  auto task(Work work, Back back) {
    return [this, work = std::move(work), back = std::move(back)] {
      work();
      loop_.post([this, back] {
        out_ = false;
        back();
      });
    };
  }

  EventLoop& loop_;
  bool out_ = false;  // the loop's alone
};

}  // namespace entrepot::http::internal
