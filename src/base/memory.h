#pragma once
// base/memory.h — work that may run out of memory where nobody else would catch it.

#include <chrono>
#include <new>
#include <thread>
#include <utility>

namespace entrepot {

// For the loops of threads, destructors, and between calls that must both be made.
//
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

// For what must be done: runs `work` again and again until it had memory. It must be able to begin
// anew.
template <class Work>
void until_had_memory(Work&& work) {
  while (!had_memory(work)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace entrepot
