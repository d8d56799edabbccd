#pragma once

#include <new>
#include <utility>

// For the loops of threads, behind which nobody else catches anything.

namespace entrepot {

// Runs `work`. False when it ended with std::bad_alloc: it was left in the middle, unwound. Other
// exceptions pass.
template <class Work>
bool had_memory(Work&& work) {
  try {
    std::forward<Work>(work)();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace entrepot
