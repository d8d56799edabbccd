#pragma once
// http/server/internal/later_call.h — calls from other threads for an object that may be gone by
// then.

#include <functional>
#include <memory>
#include <utility>

#include "base/memory.h"
#include "base/mutex.h"
#include "http/server/internal/event_loop.h"

namespace entrepot::http::server::internal {

// Owned by an object that lives on a loop.
template <class Object>
class LaterCall {
 public:
  // `whom` is told when a call runs out of memory; it outlives the object.
  LaterCall(EventLoop& loop, Object& object, Watched& whom)
      : target_(std::make_shared<Target>(loop, object, whom)) {}
  ~LaterCall() { target_->end(); }
  LaterCall(const LaterCall&) = delete;
  LaterCall& operator=(const LaterCall&) = delete;

  // For any thread, even when the loop is gone as well: calls `method` on the loop, soon, unless
  // the object has ended. Does not throw: without memory it waits for some.
  std::function<void()> to(void (Object::*method)()) const {
    return [target = std::weak_ptr<Target>(target_), method] {
      if (const auto held = target.lock()) held->post([target, method] { run(target, method); });
    };
  }

 private:
  class Target {
   public:
    Target(EventLoop& loop, Object& object, Watched& whom)
        : object_(object), whom_(whom), loop_(&loop) {}

    // The loop lives longer than the object: as long as this lock is held and it has not ended.
    template <class Task>
    void post(const Task& task) {
      std::function<void()> packed;
      until_had_memory([&] { packed = task; });
      const MutexLock lock(mutex_);
      if (loop_ != nullptr) loop_->post(std::move(packed));
    }
    void end() {
      const MutexLock lock(mutex_);
      loop_ = nullptr;
    }
    bool has_ended() {
      const MutexLock lock(mutex_);
      return loop_ == nullptr;
    }

    Object& object() const { return object_; }
    Watched& whom() const { return whom_; }

   private:
    Object& object_;
    Watched& whom_;
    Mutex mutex_;
    EventLoop* loop_ ENTREPOT_GUARDED_BY(mutex_);  // null: the object has ended
  };

  // On the loop, where the object ends, too.
  static void run(const std::weak_ptr<Target>& target, void (Object::*method)()) {
    const auto held = target.lock();
    if (!held || held->has_ended()) return;
    if (!had_memory([&] { (held->object().*method)(); })) held->whom().on_no_memory();
  }

  const std::shared_ptr<Target> target_;
};

}  // namespace entrepot::http::server::internal
