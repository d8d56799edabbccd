// A library for LD_PRELOAD: every sync takes as many milliseconds longer as the file named by
// SLOW_SYNCS says; an empty one, none. A test writes that file while the process runs.

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace {

void wait_as_told() {
  const char* path = std::getenv("SLOW_SYNCS");
  const int file = path != nullptr ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  char text[16] = "";
  const ssize_t got = ::read(file, text, sizeof text - 1);
  ::close(file);
  const long milliseconds = got > 0 ? std::atol(text) : 0;
  if (milliseconds > 0) ::usleep(static_cast<useconds_t>(milliseconds) * 1000);
}

using Sync = int (*)(int);

Sync real(const char* name) { return reinterpret_cast<Sync>(::dlsym(RTLD_NEXT, name)); }

}  // namespace

extern "C" int fsync(int descriptor) {
  static const Sync call = real("fsync");
  wait_as_told();
  return call(descriptor);
}

extern "C" int fdatasync(int descriptor) {
  static const Sync call = real("fdatasync");
  wait_as_told();
  return call(descriptor);
}
