#pragma once
// http/internal/later_call.h — calls from other threads for an object that may be gone by then.

#include <functional>
#include <memory>

#include "http/internal/event_loop.h"

namespace entrepot::http::internal {

// Owned by an object that lives on a loop.
template <class Object>
class LaterCall {
 public:
  LaterCall(EventLoop& loop, Object& object)
      : loop_(loop), object_(std::make_shared<Object*>(&object)) {}

  // For any thread: calls `method` on the loop, soon, unless the object has ended.
  std::function<void()> to(void (Object::*method)()) const {
    return [&loop = loop_, object = std::weak_ptr<Object*>(object_), method] {
      loop.post([object, method] {
        if (const auto alive = object.lock()) ((**alive).*method)();
      });
    };
  }

 private:
  EventLoop& loop_;
  const std::shared_ptr<Object*> object_;
};

}  // namespace entrepot::http::internal
