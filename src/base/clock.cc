#include "base/clock.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include <fmt/format.h>

namespace entrepot {
namespace {

class SystemClock final : public Clock {
 public:
  WallTime wall() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
  }
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

// Reads a text from its front.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool take(char wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_either(char one, char other) { return take(one) || take(other); }
  // Exactly so many digits.
  bool number(std::size_t digits, int& value) {
    const std::string_view text = rest_.substr(0, digits);
    if (text.size() < digits || !is_digits(text)) return false;
    std::from_chars(text.data(), text.data() + text.size(), value);
    rest_.remove_prefix(digits);
    return true;
  }
  // One digit or more, behind a point.
  bool micros(int& value) {
    const std::size_t end = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    std::string text(rest_.substr(0, std::min<std::size_t>(end, 6)));
    if (text.empty()) return false;
    text.resize(6, '0');
    std::from_chars(text.data(), text.data() + text.size(), value);
    rest_.remove_prefix(end);
    return true;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  static bool is_digits(std::string_view text) {
    return text.find_first_not_of("0123456789") == std::string_view::npos;
  }
  std::string_view rest_;
};

}  // namespace

const Clock& Clock::system() {
  static const SystemClock clock;
  return clock;
}

std::string to_rfc3339(WallTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const std::time_t seconds = whole.time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     (time - whole).count());
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Reader reader(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0;
  const bool read = reader.number(4, year) && reader.take('-') && reader.number(2, month) &&
                    reader.take('-') && reader.number(2, day) && reader.take_either('T', 't') &&
                    reader.number(2, hour) && reader.take(':') && reader.number(2, minute) &&
                    reader.take(':') && reader.number(2, second) &&
                    (!reader.take('.') || reader.micros(micros));
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!read || !date.ok() || year < 1970 || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  std::chrono::minutes offset{0};
  if (!reader.take_either('Z', 'z')) {
    const bool west = reader.take('-');
    int hours = 0, minutes = 0;
    const bool told = (west || reader.take('+')) && reader.number(2, hours) && reader.take(':') &&
                      reader.number(2, minutes) && hours <= 23 && minutes <= 59;
    if (!told) return std::nullopt;
    offset = (west ? -1 : 1) * (std::chrono::hours(hours) + std::chrono::minutes(minutes));
  }
  if (!reader.at_end()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::microseconds(micros) - offset;
}

}  // namespace entrepot
