#pragma once
// import/progress.h — shows people how far an adoption is.

#include <optional>
#include <string>

#include "base/clock.h"
#include "import/adopt.h"

namespace entrepot::import {

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

  void show(const AdoptProgress& progress);

 private:
  const int descriptor_;
  const Clock& clock_;
  const bool terminal_;
  std::optional<SteadyTime> next_;
  bool line_open_ = false;
};

// "indexing [########            ]  40 %  4000 of 10000"; without a total "indexing  4000".
std::string to_line(const AdoptProgress& progress);

}  // namespace entrepot::import
