#pragma once
// http/server/internal/later_call.h — calls from other threads for an object that may be gone by
// then.

#include <functional>
#include <memory>

#include "base/memory.h"
#include "http/server/internal/event_loop.h"

namespace entrepot::http::server::internal {

// Owned by an object that lives on a loop.
template <class Object>
class LaterCall {
 public:
  // `whom` is told when a call runs out of memory; it outlives the object.
  LaterCall(EventLoop& loop, Object& object, Watched& whom)
      : loop_(loop), target_(std::make_shared<Target>(Target{&object, &whom})) {}

  // For any thread: calls `method` on the loop, soon, unless the object has ended.
  std::function<void()> to(void (Object::*method)()) const {
    return [&loop = loop_, target = std::weak_ptr<Target>(target_), method] {
      loop.post([target, method] {
        const auto alive = target.lock();
        if (!alive) return;
        Watched& whom = *alive->whom;
        if (!had_memory([&] { (alive->object->*method)(); })) whom.on_no_memory();
      });
    };
  }

 private:
  struct Target {
    Object* object;
    Watched* whom;
  };

  EventLoop& loop_;
  const std::shared_ptr<Target> target_;
};

}  // namespace entrepot::http::server::internal
