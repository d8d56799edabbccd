#include "server/host/process.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace entrepot::server {
namespace {

constexpr mode_t kOwnerAlone = 077;

// In ascending order, so the lowest free number is always the one that is looked at. Not closed in
// children: they need theirs, too.
void open_missing_standard_descriptors() {
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
    if (::fcntl(number, F_GETFD) >= 0 || errno != EBADF) continue;
    if (::open("/dev/null", O_RDWR) >= 0) continue;  // for children, too
    // Where there is no /dev: anything that cannot be written holds the number as well. "/" is no
    // link, and for children as above.
    [[maybe_unused]] const int held = ::open("/", O_RDONLY | O_DIRECTORY);
  }
}

// The usual 8 MiB for each of some fifty threads are address space that a limit on it (ulimit -v)
// would count. Whoever is given less by `ulimit -s` keeps that.
void keep_stacks_small() {
  constexpr std::size_t kStackBytes = std::size_t{2} << 20;
  pthread_attr_t attributes;
  if (::pthread_getattr_default_np(&attributes) != 0) return;
  std::size_t bytes = 0;
  if (::pthread_attr_getstacksize(&attributes, &bytes) == 0 && bytes > kStackBytes &&
      ::pthread_attr_setstacksize(&attributes, kStackBytes) == 0) {
    ::pthread_setattr_default_np(&attributes);
  }
  ::pthread_attr_destroy(&attributes);
}

}  // namespace

void prepare_process() {
  open_missing_standard_descriptors();
  ::umask(kOwnerAlone);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  forbid_core_files();
  keep_stacks_small();
}

void forbid_core_files() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // the limit does not hold where cores go into a program
}

std::size_t raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  const rlimit wanted{limit.rlim_max, limit.rlim_max};
  return ::setrlimit(RLIMIT_NOFILE, &wanted) == 0 ? wanted.rlim_cur : limit.rlim_cur;
}

void return_freed_memory() {
  constexpr int kArenas = 4;
  constexpr int kMappedBytes = 256 << 10;  // setting it also ends its growing with what is freed
  ::mallopt(M_ARENA_MAX, kArenas);
  ::mallopt(M_MMAP_THRESHOLD, kMappedBytes);
}

}  // namespace entrepot::server
