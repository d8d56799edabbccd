#include "server/signals.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include <gtest/gtest.h>

namespace entrepot::server {
namespace {

TEST(Signals, ReloadMayComeOftenAndStopStays) {
  std::atomic<int> stops = 0;
  Signals signals([&] { ++stops; });
  for (int i = 0; i < 3; ++i) {
    ::kill(::getpid(), SIGHUP);
    EXPECT_EQ(signals.next(), Signals::Event::Reload);
  }
  ::kill(::getpid(), SIGUSR2);  // means nothing to us
  ::kill(::getpid(), SIGTERM);
  EXPECT_EQ(signals.next(), Signals::Event::Stop);
  EXPECT_EQ(signals.next(), Signals::Event::Stop);
  while (stops == 0) ::usleep(1000);
  EXPECT_EQ(stops, 1);
}

TEST(Signals, WritingToAClosedPipeDoesNotKill) {
  const Signals signals([] {});
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(::write(ends[1], "x", 1), -1);
  ::close(ends[1]);
}

// Somebody who asks twice does not want to wait.
TEST(Signals, TheSecondStopEndsTheProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    Signals signals([] {});
    ::kill(::getpid(), SIGTERM);
    signals.next();
    ::kill(::getpid(), SIGINT);
    ::pause();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGINT);
}

}  // namespace
}  // namespace entrepot::server
