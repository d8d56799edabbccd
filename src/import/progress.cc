#include "import/progress.h"

#include <unistd.h>

#include <algorithm>

#include "base/log.h"

namespace entrepot::import {
namespace {

constexpr std::uint64_t kWidth = 30;
constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::seconds kLogLine{10};

void write_out(int descriptor, const std::string& text) {
  [[maybe_unused]] const ssize_t written = ::write(descriptor, text.data(), text.size());
}

}  // namespace

std::string to_line(const Progress& progress) {
  if (progress.total == 0) return fmt::format("{}  {}", progress.phase, progress.done);
  const std::uint64_t done = std::min(progress.done, progress.total);
  return fmt::format("{} [{:<{}}] {:3} %  {} of {}", progress.phase,
                     std::string(done * kWidth / progress.total, '#'), kWidth,
                     done * 100 / progress.total, done, progress.total);
}

ProgressDisplay::ProgressDisplay(int descriptor, const Clock& clock)
    : descriptor_(descriptor), clock_(clock), terminal_(::isatty(descriptor) == 1) {}

ProgressDisplay::~ProgressDisplay() {
  if (line_open_) write_out(descriptor_, "\n");
}

void ProgressDisplay::show(const Progress& progress) {
  const SteadyTime now = clock_.steady();
  const bool whole = progress.total != 0 && progress.done >= progress.total;
  if (next_ && now < *next_ && !(whole && terminal_)) return;
  if (!terminal_) {
    // Small directories are done before anybody asks.
    if (next_) log::info("{}", to_line(progress));
    next_ = now + kLogLine;
    return;
  }
  next_ = now + kRedraw;
  write_out(descriptor_, "\r" + to_line(progress) + "\x1b[K");  // and clear what was behind it
  line_open_ = true;
}

}  // namespace entrepot::import
