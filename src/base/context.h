#pragma once
// base/context.h — what travels with a request through every call that may block.

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace entrepot {

// Deadline, cancellation, the request's id and where it came from. Made at an edge (a request, a
// job, a command) and passed by reference, first argument of every call that may block. Cancelling
// is thread-safe; the rest belongs to the thread that runs the request.
class Context {
 public:
  // Without a deadline; for background work and tests. A deadline is a time of the machine's own
  // steady clock.
  Context() = default;
  explicit Context(std::string request_id, std::optional<SteadyTime> deadline = std::nullopt)
      : request_id_(std::move(request_id)), deadline_(deadline) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const std::string& request_id() const { return request_id_; }
  std::optional<SteadyTime> deadline() const { return deadline_; }

  // The address of the client; "" for what no client asked for.
  const std::string& client() const { return client_; }
  void set_client(std::string_view address) { client_ = address; }

  // The caller has gone: work should stop at its next look.
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

  // Cancelled or Timeout when going on is pointless. Long loops ask this between steps.
  Result<void> alive() const;

 private:
  std::string request_id_;
  std::string client_;
  std::optional<SteadyTime> deadline_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace entrepot
