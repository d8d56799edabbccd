#pragma once
// base/log.h — the program's own log: one line an event, to standard error.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace entrepot::log {

enum class Level { Debug, Info, Warning, Error };
enum class Format { Text, Json };

// Process-wide; set once at the start, before threads. Default: Info, Text.
void configure(Level level, Format format);
bool enabled(Level level);

// Writes one line with one write(2), escaped as below and cut after about 4000 octets, so that
// lines of several processes on one pipe do not mix. Thread-safe. Never fails and never waits for a
// reader: a closed or full standard error loses the line and counts it (metric
// entrepot_log_lost_total).
void write(Level level, std::string_view message);
std::uint64_t lost_lines();

// Appends `text` so that it cannot leave its line or its JSON string, whatever a client put into
// it: control characters become \u00XX, invalid UTF-8 \ufffd; for Json also \" and \\.
void append_escaped(std::string& out, std::string_view text, Format format);

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
