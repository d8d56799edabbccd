#pragma once
// import/progress.h — how far an adoption or an export is, and showing that to people.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace entrepot::import {

struct Progress {
  std::string_view phase;
  std::uint64_t done = 0;
  std::uint64_t total = 0;  // 0: not known
};

// On a terminal one line that redraws itself, else a line in the log every ten seconds. One thread;
// a terminal that does not take it loses it.
class ProgressDisplay {
 public:
  // `descriptor`: where people look, standard error. Stays the caller's.
  ProgressDisplay(int descriptor, const Clock& clock);
  // Ends the line on the terminal, if there is one.
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  void show(const Progress& progress);

 private:
  const int descriptor_;
  const Clock& clock_;
  const bool terminal_;
  std::optional<SteadyTime> next_;
  bool line_open_ = false;
};

// "indexing [########            ]  40 %  4000 of 10000"; without a total "indexing  4000".
std::string to_line(const Progress& progress);

}  // namespace entrepot::import
