#include "server/operations.h"

#include "api/dist/caller.h"

namespace entrepot::server {
namespace {

constexpr std::string_view kHealth = "healthz";
constexpr std::string_view kReady = "readyz";
constexpr std::string_view kMetrics = "metrics";
constexpr std::string_view kLabels[] = {kHealth, kReady, kMetrics};

constexpr std::string_view kPlainText = "text/plain; charset=utf-8";
constexpr std::string_view kPrometheusText = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::chrono::seconds kRemembered{1};

http::Response answer(int status, std::string_view type, std::string body, std::string_view route) {
  auto response = http::Response::text(status, type, std::move(body));
  response.with("Cache-Control", "no-store");
  response.route = route;
  return response;
}

http::Response ready_answer(const std::string& reason, bool tell_reason) {
  if (reason.empty()) return answer(200, kPlainText, "ready\n", kReady);
  auto response =
      answer(503, kPlainText, tell_reason ? fmt::format("not ready: {}\n", reason) : "not ready\n",
             kReady);
  response.with("Retry-After", "1");
  return response;
}

}  // namespace

std::span<const std::string_view> operation_labels() { return kLabels; }

void Readiness::started(Check check) {
  const std::lock_guard lock(mutex_);
  check_ = std::move(check);
  answered_at_.reset();
}

std::optional<std::string> Readiness::remembered() const {
  const std::lock_guard lock(mutex_);
  return remembered_locked();
}

std::optional<std::string> Readiness::remembered_locked() const {
  if (!check_) return answer_;
  if (!answered_at_ || clock_.steady() - *answered_at_ >= kRemembered) return std::nullopt;
  return answer_;
}

std::string Readiness::ask(Context& context) {
  const std::lock_guard asking(asking_);
  Check check;
  {
    // Who waited for another to ask takes that one's answer.
    const std::lock_guard lock(mutex_);
    if (const auto known = remembered_locked()) return *known;
    check = check_;
  }
  const auto result = check(context);
  const std::lock_guard lock(mutex_);
  answer_ = result ? "" : std::string(name_of(result.error().code));
  answered_at_ = clock_.steady();
  return answer_;
}

Operations::Operations(Readiness& readiness, const metrics::Registry& metrics,
                       std::string metrics_path, const auth::OpenMode* door)
    : readiness_(readiness),
      metrics_(metrics),
      metrics_path_(std::move(metrics_path)),
      door_(door) {}

Result<void> Operations::admit(const http::Request& request) const {
  if (door_ == nullptr) return {};
  TRY(door_->admit(api::dist::caller_of(request)));
  return {};
}

bool Operations::has(std::string_view path) const {
  return path == "/healthz" || path == "/readyz" || path == metrics_path_;
}

std::optional<http::Response> Operations::answer_from_memory(const http::Request& request) {
  if (!has(request.path())) return answer(404, kPlainText, "there is nothing here\n", "");
  if (request.method() != http::Method::Get && request.method() != http::Method::Head) {
    auto response = answer(405, kPlainText, "only GET and HEAD\n", "");
    response.with("Allow", "GET, HEAD");
    return response;
  }
  if (request.path() == "/healthz") return answer(200, kPlainText, "alive\n", kHealth);
  const auto admitted = admit(request);
  if (request.path() == "/readyz") {
    if (const auto reason = readiness_.remembered()) {
      return ready_answer(*reason, admitted.has_value());
    }
  } else if (!admitted) {
    return answer(403, kPlainText, admitted.error().message + "\n", kMetrics);
  }
  return std::nullopt;
}

http::Reply Operations::handle(Context& context, const http::Request& request) {
  if (auto response = answer_from_memory(request)) return *std::move(response);
  if (request.path() == "/readyz") {
    return ready_answer(readiness_.ask(context), admit(request).has_value());
  }
  return answer(200, kPrometheusText, metrics_.to_text(), kMetrics);
}

http::Response Operations::refuse(const http::Refusal& refusal) {
  return answer(refusal.status, kPlainText, refusal.message + "\n", "");
}

}  // namespace entrepot::server
