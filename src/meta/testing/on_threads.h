#pragma once
// meta/testing/on_threads.h — the same work on many threads at once.

#include <thread>
#include <vector>

namespace entrepot::meta::testing {

// Calls work(0), … work(count - 1), each on a thread of its own; returns when all have ended.
template <class Work>
void on_threads(int count, const Work& work) {
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace entrepot::meta::testing
