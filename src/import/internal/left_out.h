#pragma once
// import/internal/left_out.h — link files that an adoption could not take over, kept for going
// back.

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "meta/store.h"

namespace entrepot::import {

struct LeftOut {
  std::string path;  // of the link file, below the `repositories` folder
  std::string text;  // what it held
  WallTime at;
  bool leads = false;  // to something that we have, and that may be deleted since
};

// Writes it down, or again. One setting each, so that there may be a million.
Result<void> keep(meta::Settings& settings, const LeftOut& left_out);

// In ascending order of their paths, those after `after`, at most `limit`.
Result<std::vector<LeftOut>> list_left_out(const meta::Settings& settings, std::string_view after,
                                           std::size_t limit);

// For when the old registry has them again.
Result<void> forget(meta::Settings& settings, const LeftOut& left_out);

// May it be written into an export? Not what was deleted since, nor a tag that was moved since.
Result<bool> is_to_be_given_back(const meta::Snapshot& snapshot, const LeftOut& left_out);

}  // namespace entrepot::import
