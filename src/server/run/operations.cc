#include "server/run/operations.h"

#include <pthread.h>

#include "api/caller.h"
#include "base/memory.h"

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

http::Response no_figures(const Error& why) {
  return answer(403, kPlainText, why.message + "\n", kMetrics);
}

}  // namespace

std::span<const std::string_view> operation_labels() { return kLabels; }

Readiness::Readiness(const Clock& clock, std::chrono::milliseconds patience)
    : clock_(clock), patience_(patience), thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "ready");
}

Readiness::~Readiness() { stop(); }

void Readiness::started(Check check) {
  const MutexLock lock(mutex_);
  check_ = std::move(check);
  answered_at_.reset();
}

void Readiness::stop() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::optional<std::string> Readiness::remembered() const {
  const MutexLock lock(mutex_);
  return remembered_locked();
}

std::optional<std::string> Readiness::remembered_locked() const {
  if (!check_) return answer_;
  if (!answered_at_ || clock_.steady() - *answered_at_ >= kRemembered) return std::nullopt;
  return answer_;
}

std::string Readiness::ask() {
  const MutexLock lock(mutex_);
  if (const auto known = remembered_locked()) return *known;
  if (waiting_ >= kMostWaiting || ending_) return answer_;
  if (asked_ == answered_) {
    ++asked_;
    changed_.notify_all();
  }
  ++waiting_;
  const std::uint64_t wanted = asked_;
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  while (answered_ < wanted && !ending_ && changed_.wait_until(mutex_, deadline)) {
  }
  --waiting_;
  if (answered_ < wanted && !ending_) {
    answer_ = name_of(ErrorCode::Timeout);  // until the check that hangs has ended
  }
  return answer_;
}

void Readiness::run() {
  MutexLock lock(mutex_);
  for (;;) {
    while (asked_ <= answered_ && !ending_) changed_.wait(mutex_);
    if (ending_) return;
    lock.unlock();
    ErrorCode problem = ErrorCode::Unavailable;  // without memory
    bool ready = false;
    static_cast<void>(had_memory([&] { ready = is_ready(problem); }));
    lock.lock();
    answer_ = ready ? std::string_view() : name_of(problem);  // too short to need memory
    answered_at_ = clock_.steady();
    answered_ = asked_;
    changed_.notify_all();
  }
}

bool Readiness::is_ready(ErrorCode& problem) {
  Check check;
  {
    const MutexLock lock(mutex_);
    check = check_;
  }
  Context context("readiness", std::chrono::steady_clock::now() + patience_);
  const auto result = check(context);
  if (!result) problem = result.error().code;
  return result.has_value();
}

Operations::Operations(Readiness& readiness, const metrics::Registry& metrics,
                       std::string metrics_path, const auth::Authenticator* door)
    : readiness_(readiness),
      metrics_(metrics),
      metrics_path_(std::move(metrics_path)),
      door_(door) {}

std::optional<Result<void>> Operations::recall(const http::Request& request) const {
  if (door_ == nullptr) return Result<void>();
  auto known = door_->recall(api::caller_of(request));
  if (auto* error = std::get_if<Error>(&known)) return Failure(std::move(*error));
  if (std::holds_alternative<access::Subject>(known)) return Result<void>();
  return std::nullopt;
}

Result<void> Operations::admit(Context& context, const http::Request& request) const {
  if (auto known = recall(request)) return *std::move(known);
  TRY(door_->authenticate(context, api::caller_of(request)));
  return {};
}

Executor* Operations::executor_of(const http::Request& request) {
  if (door_ == nullptr) return nullptr;
  const auto known = door_->recall(api::caller_of(request));
  const auto* ask = std::get_if<auth::Authenticator::Ask>(&known);
  return ask == nullptr ? nullptr : ask->executor;
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
  const auto admitted = recall(request);
  if (!admitted) return std::nullopt;
  if (request.path() == "/readyz") {
    if (const auto reason = readiness_.remembered()) {
      return ready_answer(*reason, admitted->has_value());
    }
  } else if (!*admitted) {
    return no_figures(admitted->error());
  }
  return std::nullopt;
}

http::Reply Operations::handle(Context& context, const http::Request& request) {
  if (auto response = answer_from_memory(request)) return *std::move(response);
  const auto admitted = admit(context, request);
  if (request.path() == "/readyz") {
    return ready_answer(readiness_.ask(), admitted.has_value());
  }
  if (!admitted) return no_figures(admitted.error());
  return answer(200, kPrometheusText, metrics_.to_text(), kMetrics);
}

http::Response Operations::refuse(const http::Refusal& refusal) {
  return answer(refusal.status, kPlainText, refusal.message + "\n", "");
}

}  // namespace entrepot::server
