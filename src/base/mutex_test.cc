#include "base/mutex.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace entrepot {
namespace {

using std::chrono::steady_clock;

bool is_free(Mutex& mutex) {
  bool is = false;
  std::thread([&] {
    if (!mutex.try_lock()) return;
    mutex.unlock();
    is = true;
  }).join();
  return is;
}

TEST(MutexLock, HoldsUntilItEndsButForWhereItLetsGo) {
  Mutex mutex;
  {
    MutexLock lock(mutex);
    EXPECT_FALSE(is_free(mutex));
    lock.unlock();
    EXPECT_TRUE(is_free(mutex));
    lock.lock();
    EXPECT_FALSE(is_free(mutex));
  }
  EXPECT_TRUE(is_free(mutex));
  {
    MutexLock lock(mutex);
    lock.unlock();
  }
  EXPECT_TRUE(is_free(mutex));
}

TEST(MutexLock, GivesBackWhatTryLockTook) {
  Mutex mutex;
  if (!mutex.try_lock()) FAIL();
  {
    const MutexLock lock(mutex, std::adopt_lock);
    EXPECT_FALSE(is_free(mutex));
  }
  EXPECT_TRUE(is_free(mutex));
}

TEST(CondVar, AWaitLetsTheMutexGoAndHasItAgain) {
  Mutex mutex;
  CondVar changed;
  bool told = false;
  std::thread other;
  {
    const MutexLock lock(mutex);
    other = std::thread([&] {
      const MutexLock of_other(mutex);  // not before we wait
      told = true;
      changed.notify_one();
    });
    while (!told) changed.wait(mutex);
    EXPECT_FALSE(is_free(mutex));
  }
  other.join();
  EXPECT_TRUE(is_free(mutex));
}

TEST(CondVar, TellsThatTheDeadlineHasPassed) {
  Mutex mutex;
  CondVar changed;
  const MutexLock lock(mutex);
  const auto deadline = steady_clock::now() + std::chrono::milliseconds(5);
  while (changed.wait_until(mutex, deadline)) {
  }
  EXPECT_GE(steady_clock::now(), deadline);
  EXPECT_FALSE(is_free(mutex));
  while (changed.wait_for(mutex, std::chrono::milliseconds(1))) {
  }
  EXPECT_FALSE(is_free(mutex));
}

}  // namespace
}  // namespace entrepot
