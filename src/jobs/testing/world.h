#pragma once
// jobs/testing/world.h — a store whose jobs a test runs.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "jobs/runner.h"
#include "meta/sqlite/testing/temporary_store.h"

namespace entrepot::jobs::testing {

// Looks for jobs all the time; waits are real, what is due goes by the clocks.
inline Runner::Options quick_options(const std::string& owner, bool sole = false) {
  return {.owner = owner, .sole = sole, .poll = std::chrono::milliseconds(2)};
}

// Waits until it holds; false after twenty seconds.
template <class Condition>
bool eventually(const Condition& condition) {
  for (int i = 0; i < 10'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

inline std::int64_t enqueue(meta::Store& meta, std::string_view kind, ByteView arguments) {
  Context context;
  const auto job = meta.transact<meta::Job>(context, [&](meta::Transaction& tx) {
    return tx.jobs().enqueue(kind, arguments, from_unix_micros(1));
  });
  return job.value().id;
}

inline meta::Job find_job(meta::Store& meta, std::int64_t id) {
  Context context;
  return meta.view<meta::Job>(context, [&](const meta::Snapshot& s) { return s.jobs().find(id); })
      .value();
}

inline bool ends(meta::Store& meta, std::int64_t id) {
  return eventually([&] { return find_job(meta, id).finished_at.has_value(); });
}

}  // namespace entrepot::jobs::testing
