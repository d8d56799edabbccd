#include "base/executor.h"

#include <pthread.h>

#include <array>
#include <atomic>
#include <future>
#include <set>

#include <gtest/gtest.h>

namespace entrepot {
namespace {

// Holds up an executor's threads until it is let go.
class Gate {
 public:
  std::function<void()> task() {
    return [this] {
      entered_.fetch_add(1);
      opened_.wait();
    };
  }
  void wait_for(int tasks) const {
    while (entered_ < tasks) std::this_thread::yield();
  }
  void open() { open_.set_value(); }

 private:
  std::promise<void> open_;
  std::shared_future<void> opened_ = open_.get_future().share();
  std::atomic<int> entered_ = 0;
};

TEST(Executor, RunsInOrderOnOneThread) {
  std::vector<int> seen;
  {
    Executor executor({.name = "test", .threads = 1, .queue_limit = 100});
    for (int i = 0; i < 100; ++i) executor.post([&seen, i] { seen.push_back(i); });
  }
  ASSERT_EQ(seen.size(), 100u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(Executor, AsManyTasksRunAtOnceAsItHasThreads) {
  Gate gate;
  Executor executor({.name = "test", .threads = 3, .queue_limit = 10});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(executor.try_post(gate.task()));
  gate.wait_for(3);  // would hang if one waited for another
  EXPECT_EQ(executor.queued(), 0u);
  gate.open();
}

TEST(Executor, FullQueueRefusesButPostDoesNot) {
  std::atomic<int> ran = 0;
  Gate gate;
  {
    Executor executor({.name = "test", .threads = 1, .queue_limit = 2});
    executor.post(gate.task());
    gate.wait_for(1);  // running tasks are not counted
    EXPECT_TRUE(executor.try_post([&] { ++ran; }));
    EXPECT_TRUE(executor.try_post([&] { ++ran; }));
    EXPECT_FALSE(executor.try_post([&] { ran += 100; }));
    EXPECT_EQ(executor.queued(), 2u);
    executor.post([&] { ++ran; });
    EXPECT_EQ(executor.queued(), 3u);
    gate.open();
  }
  EXPECT_EQ(ran, 3);
}

// Work that was taken is done, also what the last task hands in.
TEST(Executor, DestructionRunsWhatIsQueued) {
  std::atomic<int> ran = 0;
  Gate gate;
  std::promise<bool> refused;
  {
    Executor executor({.name = "test", .threads = 2, .queue_limit = 10});
    executor.post(gate.task());
    executor.post(gate.task());
    for (int i = 0; i < 5; ++i) executor.post([&] { ++ran; });
    executor.post([&] {
      while (executor.try_post([] {})) std::this_thread::yield();  // until it is ending
      refused.set_value(true);
      executor.post([&] { ran += 10; });
    });
    gate.open();
  }
  EXPECT_TRUE(refused.get_future().get());
  EXPECT_EQ(ran, 15);
}

// A task's captures may take locks when they end: that must not happen under the queue's own.
TEST(Executor, CapturesEndOutsideTheLock) {
  std::promise<std::size_t> seen;
  {
    Executor executor({.name = "test", .threads = 1, .queue_limit = 10});
    const auto ask = [&](int*) { seen.set_value(executor.queued()); };
    executor.post([held = std::shared_ptr<int>(nullptr, ask)] {});
  }
  EXPECT_EQ(seen.get_future().get(), 0u);
}

TEST(Executor, ThreadsCarryItsNameCutToWhatTheKernelTakes) {
  std::promise<std::string> name;
  Executor executor({.name = "a-name-that-is-far-too-long", .threads = 1, .queue_limit = 1});
  executor.post([&] {
    std::array<char, 16> text{};
    // The name is given after the thread began.
    while (text[0] != 'a') pthread_getname_np(pthread_self(), text.data(), text.size());
    name.set_value(text.data());
  });
  EXPECT_EQ(name.get_future().get(), "a-name-that-is-");
}

TEST(Executor, TakesPostsFromManyThreads) {
  std::atomic<int> ran = 0;
  {
    Executor executor({.name = "test", .threads = 4, .queue_limit = 1'000'000});
    std::vector<std::thread> posters(4);
    for (std::thread& poster : posters) {
      poster = std::thread([&] {
        for (int j = 0; j < 1000; ++j) executor.post([&] { ++ran; });
      });
    }
    for (std::thread& poster : posters) poster.join();
  }
  EXPECT_EQ(ran, 4000);
}

}  // namespace
}  // namespace entrepot
