#pragma once
// base/log.h — the program's own log: one line an event, to standard error.

#include <fmt/core.h>

#include <string_view>

namespace entrepot::log {

enum class Level { Debug, Info, Warning, Error };
enum class Format { Text, Json };

// Process-wide; set once at the start, before threads. Default: Info, Text.
void configure(Level level, Format format);
bool enabled(Level level);

// Writes one line with one write(2); newlines and control characters in `message` are escaped.
// Thread-safe. Never fails: a closed or full standard error loses the line and counts it (metric
// entrepot_log_lost_total).
void write(Level level, std::string_view message);
std::uint64_t lost_lines();

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::Debug)) {
    write(Level::Debug, fmt::format(format, std::forward<Args>(args)...));
  }
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::Info)) write(Level::Info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace entrepot::log
