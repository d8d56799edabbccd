#include "import/progress.h"

#include <pty.h>
#include <unistd.h>

#include <string>

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"

namespace entrepot::import {
namespace {

// Up to a line's end, or the end of all.
std::string read_line(int descriptor) {
  std::string line;
  char next = 0;
  while (next != '\n' && ::read(descriptor, &next, 1) == 1) line += next;
  return line;
}

TEST(Progress, LineSaysPhasePartAndWhole) {
  EXPECT_EQ(to_line({"indexing", 0, 10}),
            "indexing [                              ]   0 %  0 of 10");
  EXPECT_EQ(to_line({"indexing", 4, 10}),
            "indexing [############                  ]  40 %  4 of 10");
  EXPECT_EQ(to_line({"indexing", 10, 10}),
            "indexing [##############################] 100 %  10 of 10");
  EXPECT_EQ(to_line({"indexing", 11, 10}), to_line({"indexing", 10, 10}));
  EXPECT_EQ(to_line({"looking", 7, 0}), "looking  7");
}

TEST(Progress, TerminalShowsOneLineThatRedrawsItself) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  entrepot::testing::FakeClock clock;
  {
    ProgressDisplay display(slave, clock);
    display.show({"indexing", 1, 10});
    display.show({"indexing", 2, 10});  // too soon to be seen
    clock.advance(std::chrono::seconds(1));
    display.show({"indexing", 5, 10});
    display.show({"indexing", 10, 10});  // the end is always shown
  }
  EXPECT_EQ(read_line(master), "\r" + to_line({"indexing", 1, 10}) + "\x1b[K\r" +
                                   to_line({"indexing", 5, 10}) + "\x1b[K\r" +
                                   to_line({"indexing", 10, 10}) + "\x1b[K\r\n");
  ::close(slave);
  ::close(master);
}

TEST(Progress, ElsewhereTheLogHasALineNowAndThen) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  entrepot::testing::FakeClock clock;
  ::testing::internal::CaptureStderr();
  {
    ProgressDisplay display(ends[1], clock);
    display.show({"indexing", 1, 10});
    display.show({"indexing", 2, 10});
    clock.advance(std::chrono::seconds(11));
    display.show({"indexing", 3, 10});
    display.show({"indexing", 4, 10});
  }
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_NE(log.find(to_line({"indexing", 3, 10})), std::string::npos) << log;
  ::close(ends[1]);
  EXPECT_EQ(read_line(ends[0]), "");
  ::close(ends[0]);
}

}  // namespace
}  // namespace entrepot::import
