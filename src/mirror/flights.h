#pragma once
// mirror/flights.h — of many who want the same at once, one gets it.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/context.h"
#include "base/mutex.h"
#include "base/result.h"

namespace entrepot::mirror {

// Thread-safe. What is got is not kept: who comes after it was there gets it again.
template <class T>
class Flights {
 public:
  // Runs `get`, a Result<T>(), unless somebody is at it already: then waits for what that comes to,
  // as long as the context allows. It runs for all of them: under a deadline of its own, and not
  // cancelled with the first.
  template <class Get>
  Result<T> join(Context& context, const std::string& key, Get&& get) {
    std::shared_ptr<Flight> flight;
    bool is_first = false;
    {
      const MutexLock lock(mutex_);
      auto& known = flights_[key];
      is_first = known == nullptr;
      if (is_first) known = std::make_shared<Flight>();
      flight = known;
    }
    // Its deadline is the context's, and the end of who is at it.
    if (!is_first) return flight->wait(context);
    const Landing landing{*this, key, *flight};
    Result<T> result = std::forward<Get>(get)();
    flight->land(result);
    return result;
  }

 private:
  struct Flight {
    Mutex mutex;
    CondVar landed;
    std::optional<Result<T>> result ENTREPOT_GUARDED_BY(mutex);

    void land(const Result<T>& with) {
      {
        const MutexLock lock(mutex);
        if (!result) result = with;
      }
      landed.notify_all();
    }

    Result<T> wait(Context& context) {
      MutexLock lock(mutex);
      while (!result) {
        TRY(context.alive());
        landed.wait_for(mutex, std::chrono::milliseconds(200));
      }
      return *result;
    }
  };

  // Also when `get` ran out of memory.
  struct Landing {
    Flights& flights;
    const std::string& key;
    Flight& flight;
    ~Landing() {
      {
        const MutexLock lock(flights.mutex_);
        flights.flights_.erase(key);
      }
      flight.land(Failure(Error{ErrorCode::Unavailable, "no memory"}));
    }
  };

  Mutex mutex_;
  std::map<std::string, std::shared_ptr<Flight>> flights_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::mirror
