#pragma once
// server/operations.h — the end points for those who run the server: /healthz, /readyz, /metrics.

#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "auth/open_mode.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "http/server.h"

namespace entrepot::server {

// Can the server do its work now? Remembers the last answer for a second, because asking costs a
// write. Thread-safe.
class Readiness {
 public:
  // Blocks; its error is what is told, by its code alone.
  using Check = std::function<Result<void>(Context&)>;

  explicit Readiness(const Clock& clock) : clock_(clock) {}

  // Until this is called the server is starting, which is not ready.
  void started(Check check);

  // "" when ready, else why not: words for an operator, without paths. nullopt when the last answer
  // is too old; then ask() asks anew, one thread at a time.
  std::optional<std::string> remembered() const;
  std::string ask(Context& context);

 private:
  std::optional<std::string> remembered_locked() const;

  const Clock& clock_;
  std::mutex asking_;  // held while `check_` runs
  mutable std::mutex mutex_;
  Check check_;  // set once
  std::string answer_ = "starting";
  std::optional<SteadyTime> answered_at_;
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
             const auth::OpenMode* door = nullptr);

  // Is this path one of the three?
  bool has(std::string_view path) const;

  std::optional<http::Response> answer_from_memory(const http::Request& request) override;
  http::Reply handle(Context& context, const http::Request& request) override;
  http::Response refuse(const http::Refusal& refusal) override;

 private:
  Result<void> admit(const http::Request& request) const;

  Readiness& readiness_;
  const metrics::Registry& metrics_;
  const std::string metrics_path_;
  const auth::OpenMode* const door_;
};

// The names of their routes in metrics and the access log.
std::span<const std::string_view> operation_labels();

}  // namespace entrepot::server
