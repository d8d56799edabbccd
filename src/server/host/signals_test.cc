#include "server/host/signals.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <vector>

#include <gtest/gtest.h>

namespace entrepot::server {
namespace {

// Runs `body` in a process of its own, whose only thread it is: a signal to the test program could
// reach a thread that knows nothing of it. Returns the exit code, -1 when a signal ended it.
int in_own_process(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);
    ::_exit(body());
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

TEST(Signals, ReloadMayComeOftenAndStopStays) {
  EXPECT_EQ(in_own_process([] {
              std::atomic<int> stops = 0;
              Signals signals([&] { ++stops; });
              for (int i = 0; i < 3; ++i) {
                ::kill(::getpid(), SIGHUP);
                if (signals.next() != Signals::Event::Reload) return 1;
              }
              ::kill(::getpid(), SIGUSR2);  // means nothing to us
              ::kill(::getpid(), SIGTERM);
              for (int i = 0; i < 2; ++i) {
                if (signals.next() != Signals::Event::Stop) return 2;
              }
              while (stops == 0) ::usleep(1000);
              return stops == 1 ? 0 : 3;
            }),
            0);
}

TEST(Signals, WritingToAClosedPipeDoesNotKill) {
  EXPECT_EQ(in_own_process([] {
              const Signals signals([] {});
              int ends[2];
              if (::pipe(ends) != 0 || ::close(ends[0]) != 0) return 1;
              return ::write(ends[1], "x", 1) == -1 ? 0 : 2;
            }),
            0);
}

// A server outlives every signal that asks for nothing: whoever sends one may not know that its
// default is death.
TEST(Signals, WhatMeansNothingChangesNothing) {
  std::vector<int> signals = {SIGUSR1, SIGUSR2,   SIGALRM, SIGVTALRM, SIGPROF,  SIGIO,  SIGPWR,
                              SIGPIPE, SIGSTKFLT, SIGXFSZ, SIGCHLD,   SIGWINCH, SIGURG, SIGCONT};
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) signals.push_back(signal);
  EXPECT_EQ(in_own_process([&] {
              std::atomic<int> stops = 0;
              Signals watching([&] { ++stops; });
              for (const int signal : signals) ::kill(::getpid(), signal);
              ::kill(::getpid(), SIGHUP);
              return watching.next() == Signals::Event::Reload && stops == 0 ? 0 : 1;
            }),
            0);
}

// One that comes while the server ends does not change how it ends.
TEST(Signals, WhatIsPendingAtTheEndIsDropped) {
  EXPECT_EQ(in_own_process([] {
              for (int round = 0; round < 200; ++round) {
                const Signals watching([] {});
                ::kill(::getpid(), SIGUSR2);
                ::kill(::getpid(), SIGHUP);
              }
              return 0;
            }),
            0);
}

TEST(Signals, EachOfThoseThatEndAServerIsOneStop) {
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGXCPU}) {
    EXPECT_EQ(in_own_process([&] {
                Signals watching([] {});
                ::kill(::getpid(), signal);
                return watching.next() == Signals::Event::Stop ? 0 : 1;
              }),
              0)
        << signal;
  }
}

// The system repeats it each second; the exchanges that end meanwhile are not cut off for it.
TEST(Signals, TheLimitOnProcessorTimeStopsOnlyOnce) {
  EXPECT_EQ(in_own_process([] {
              std::atomic<int> stops = 0;
              Signals watching([&] { ++stops; });
              for (int i = 0; i < 3; ++i) {
                ::kill(::getpid(), SIGXCPU);
                ::usleep(10'000);
              }
              while (stops == 0) ::usleep(1000);
              return stops == 1 ? 0 : 1;
            }),
            0);
}

// Somebody who asks twice does not want to wait.
TEST(Signals, TheSecondStopEndsTheProcess) {
  EXPECT_EQ(in_own_process([] {
              Signals signals([] {});
              ::kill(::getpid(), SIGTERM);
              signals.next();
              ::kill(::getpid(), SIGINT);
              ::pause();
              return 0;
            }),
            128 + SIGINT);
}

}  // namespace
}  // namespace entrepot::server
