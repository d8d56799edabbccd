#include "server/host/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include <gtest/gtest.h>

namespace entrepot::server {
namespace {

// The exit code of a process of its own: what it asks for cannot be taken back.
int in_own_process(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

TEST(Process, OpenFilesAreRaisedToTheHardLimit) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(raise_open_file_limit(), limit.rlim_max);
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, limit.rlim_max);
}

TEST(Process, MissingStandardDescriptorsAreOpened) {
  for (int missing = 1; missing < 8; ++missing) {  // each bit one of the three
    EXPECT_EQ(in_own_process([missing] {
                for (int number = 0; number <= 2; ++number) {
                  if ((missing >> number & 1) != 0) ::close(number);
                }
                prepare_process();
                for (int number = 0; number <= 2; ++number) {
                  if (::fcntl(number, F_GETFD) < 0) return 1;
                }
                const int next = ::open("/dev/null", O_RDONLY);
                return next > 2 ? 0 : 2;
              }),
              0)
        << missing;
  }
}

TEST(Process, MakesFilesForItsOwnerAndLeavesNoCore) {
  EXPECT_EQ(in_own_process([] {
              prepare_process();
              if (::umask(0) != 077) return 1;
              if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 2;
              if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 3;
              rlimit limit{1, 1};
              return ::getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0 ? 0 : 4;
            }),
            0);
}

}  // namespace
}  // namespace entrepot::server
