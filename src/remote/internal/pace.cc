#include "remote/internal/pace.h"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace entrepot::remote {
namespace {

using std::chrono::seconds;

// The digits at the front; nothing when there are none, or too many.
std::optional<std::uint64_t> number_at_front(std::string_view text, std::string_view& rest) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  rest = text.substr(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

std::optional<seconds> parse_retry_after(std::string_view text, WallTime now) {
  std::string_view rest;
  if (const auto number = number_at_front(text, rest)) {
    constexpr std::uint64_t kMany = 1'000'000'000;
    if (!rest.empty()) return std::nullopt;
    return seconds(std::min(*number, kMany));
  }
  std::tm parts{};
  const std::string date(text);
  const char* const end = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const seconds then(::timegm(&parts));
  const auto left = then - std::chrono::floor<seconds>(now.time_since_epoch());
  return std::max(left, seconds(0));
}

std::optional<std::uint64_t> parse_remaining(std::string_view text) {
  std::string_view rest;
  const auto number = number_at_front(text, rest);
  if (!number || !(rest.empty() || rest.starts_with(';'))) return std::nullopt;
  return number;
}

void Pace::hear(const http::client::Response& head) {
  if (head.status != 429) return;
  auto rest = kUntold;
  if (const auto after = head.header("Retry-After")) {
    rest = std::min(parse_retry_after(*after, clock_.wall()).value_or(kUntold), kLongest);
  }
  const MutexLock lock(mutex_);
  rests_until_ = clock_.steady() + rest;
}

void Pace::hear_of_pull(const http::client::Response& head) {
  const auto told = head.header("ratelimit-remaining");
  const MutexLock lock(mutex_);
  pulls_left_ = told ? parse_remaining(*told) : std::nullopt;
}

std::optional<SteadyTime> Pace::rests_until() const {
  const MutexLock lock(mutex_);
  if (!rests_until_ || *rests_until_ <= clock_.steady()) return std::nullopt;
  return rests_until_;
}

std::optional<std::uint64_t> Pace::pulls_left() const {
  const MutexLock lock(mutex_);
  return pulls_left_;
}

}  // namespace entrepot::remote
