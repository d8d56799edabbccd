#include "base/log.h"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <iterator>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace entrepot::log {
namespace {

std::atomic<Level> g_level = Level::Info;
std::atomic<Format> g_format = Format::Text;
std::atomic<std::uint64_t> g_lost = 0;

std::string_view name_of(Level level) {
  switch (level) {
    case Level::Debug:
      return "debug";
    case Level::Info:
      return "info";
    case Level::Warning:
      return "warning";
    case Level::Error:
      return "error";
  }
  return "error";
}

// What a pipe takes whole or not at all (POSIX: at least 512; Linux: 4096), less room for the end.
constexpr std::size_t kMaxLineBytes = 4096 - 16;

// Appends the first character of `text` escaped; returns how many octets of `text` it was.
std::size_t append_escaped_character(std::string& out, std::string_view text, Format format) {
  const std::size_t length = utf8_character_length(text);
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const bool is_c0 = octet(0) < 0x20 || octet(0) == 0x7f;
  const bool is_c1 = length == 2 && octet(0) == 0xc2 && octet(1) < 0xa0;  // U+0080 to U+009F
  if (length == 0) {
    out += "\\ufffd";
    return 1;
  }
  if (is_c0 || is_c1) {  // the last octet is the code point's own
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", octet(length - 1));
    return length;
  }
  if (format == Format::Json && (text[0] == '"' || text[0] == '\\')) out += '\\';
  out += text.substr(0, length);
  return length;
}

// Will standard error take a line now? A pipe that says so has room for one of ours; a pipe without
// a reader (which would mean SIGPIPE) is ready but in error.
bool is_writable() {
  pollfd poll_one{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  return ::poll(&poll_one, 1, 0) == 1 && poll_one.revents == POLLOUT;
}

void write_line(const std::string& line) {
  static Mutex one_at_a_time;  // else two could find the same room
  const MutexLock lock(one_at_a_time);
  if (!is_writable() ||
      ::write(STDERR_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    ++g_lost;
  }
}

}  // namespace

void configure(Level level, Format format) {
  g_level = level;
  g_format = format;
}

bool enabled(Level level) { return level >= g_level.load(std::memory_order_relaxed); }

std::uint64_t lost_lines() { return g_lost; }

void write(Level level, std::string_view message) {
  if (!enabled(level)) return;
  const Format format = g_format;
  const bool json = format == Format::Json;
  const std::string time = to_rfc3339(Clock::system().wall());
  std::string line =
      json ? fmt::format(R"({{"time":"{}","level":"{}","message":")", time, name_of(level))
           : fmt::format("{} {:7} ", time, name_of(level));
  while (!message.empty() && line.size() < kMaxLineBytes) {
    message.remove_prefix(append_escaped_character(line, message, format));
  }
  if (!message.empty()) line += "…";
  line += json ? "\"}\n" : "\n";
  write_line(line);
}

void append_escaped(std::string& out, std::string_view text, Format format) {
  while (!text.empty()) text.remove_prefix(append_escaped_character(out, text, format));
}

}  // namespace entrepot::log
