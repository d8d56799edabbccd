#include "server/run/periodic.h"

#include <atomic>

#include <gtest/gtest.h>

namespace entrepot::server {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(Periodic, BeginsAtOnceAndGoesOn) {
  std::atomic<int> runs = 0;
  const Periodic periodic("test", milliseconds(1), [&](Context&) { ++runs; });
  while (runs < 3) std::this_thread::sleep_for(milliseconds(1));
}

TEST(Periodic, EndsWithoutWaitingForTheInterval) {
  std::atomic<int> runs = 0;
  {
    const Periodic periodic("test", hours(1), [&](Context&) { ++runs; });
    while (runs == 0) std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_EQ(runs, 1);
}

TEST(Periodic, CancelsWhatRuns) {
  std::atomic<bool> began = false;
  std::atomic<bool> noticed = false;
  {
    const Periodic periodic("test", hours(1), [&](Context& context) {
      began = true;
      while (context.alive()) std::this_thread::sleep_for(milliseconds(1));
      noticed = true;
    });
    while (!began) std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_TRUE(noticed);
}

}  // namespace
}  // namespace entrepot::server
