#pragma once
// server/run/operations.h — the end points for those who run the server: /healthz, /readyz,
// /metrics.

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "auth/authenticator.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "http/handler.h"

namespace entrepot::server {

// Can the server do its work now? Remembers the last answer for a second, because asking costs a
// write. The check runs on a thread of its own, under a deadline of its own: whoever asks may
// leave, and a disk that hangs holds that one thread. Thread-safe.
class Readiness {
 public:
  // Blocks; its error is what is told, by its code alone.
  using Check = std::function<Result<void>(Context&)>;

  // `patience`: a check that has no answer by then has one: Timeout.
  explicit Readiness(const Clock& clock,
                     std::chrono::milliseconds patience = std::chrono::seconds(5));
  ~Readiness();

  // Until this is called the server is starting, which is not ready.
  void started(Check check);

  // Nothing is checked any more, and the check that runs has ended: what it uses may go.
  void stop();

  // "" when ready, else why not: words for an operator, without paths. nullopt when the last answer
  // is too old; then ask() has it asked anew, and waits for the answer. At most kMostWaiting wait
  // at once; one more is told what was known last.
  std::optional<std::string> remembered() const;
  std::string ask();

  static constexpr std::size_t kMostWaiting = 2;

 private:
  std::optional<std::string> remembered_locked() const ENTREPOT_REQUIRES(mutex_);
  void run();
  bool is_ready(ErrorCode& problem);

  const Clock& clock_;
  const std::chrono::milliseconds patience_;
  mutable Mutex mutex_;
  CondVar changed_;
  Check check_ ENTREPOT_GUARDED_BY(mutex_);  // set once
  std::string answer_ ENTREPOT_GUARDED_BY(mutex_) = "starting";
  std::optional<SteadyTime> answered_at_ ENTREPOT_GUARDED_BY(mutex_);
  // Checks wanted so far, the one that runs included.
  std::uint64_t asked_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  std::uint64_t answered_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  std::size_t waiting_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  bool ending_ ENTREPOT_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// - /healthz: 200 while the process answers at all.
// - /readyz: 200 when a push could work now, else 503 and the reason.
// - `metrics_path`: Prometheus text format.
// Anything else is 404. GET and HEAD only. With a door the figures and the reason are for whom it
// lets in; others get 403, and of /readyz the status alone.
class Operations final : public http::Handler {
 public:
  // `door` null: on an address of the operator's own.
  Operations(Readiness& readiness, const metrics::Registry& metrics, std::string metrics_path,
             const auth::Authenticator* door = nullptr);

  std::optional<http::Response> answer_from_memory(const http::Request& request) override;
  Executor* executor_of(const http::Request& request) override;
  http::Reply handle(Context& context, const http::Request& request) override;
  void dress(const http::Request* /*request*/, http::Response& /*response*/) override {}
  http::Response refuse(const http::Refusal& refusal) override;

 private:
  bool has(std::string_view path) const;
  // May the caller see more than a status? Nothing: admit() has to be asked.
  std::optional<Result<void>> recall(const http::Request& request) const;
  Result<void> admit(Context& context, const http::Request& request) const;

  Readiness& readiness_;
  const metrics::Registry& metrics_;
  const std::string metrics_path_;
  const auth::Authenticator* const door_;
};

// The names of their routes in metrics and the access log.
std::span<const std::string_view> operation_labels();

}  // namespace entrepot::server
