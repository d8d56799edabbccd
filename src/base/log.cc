#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <string>

#include "base/clock.h"

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

// JSON escapes serve the text form too: a line stays one line, whatever a client put into it.
void append_escaped(std::string& out, std::string_view text, bool json) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      if (json && (c == '"' || c == '\\')) out += '\\';
      out += c;
    }
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
  const std::string time = to_rfc3339(Clock::system().wall());
  std::string line;
  if (g_format == Format::Json) {
    line = fmt::format(R"({{"time":"{}","level":"{}","message":")", time, name_of(level));
    append_escaped(line, message, true);
    line += "\"}\n";
  } else {
    line = fmt::format("{} {:7} ", time, name_of(level));
    append_escaped(line, message, false);
    line += '\n';
  }
  if (::write(STDERR_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    ++g_lost;
  }
}

}  // namespace entrepot::log
