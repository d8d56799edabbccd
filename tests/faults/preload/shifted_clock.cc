// A library for LD_PRELOAD: the time of day is another one, for this process alone, and changes
// when a test says so. Time that passes (CLOCK_MONOTONIC) is left as it is. shifted_clock.py is its
// other side.
//
//   SHIFTED_CLOCK_CONTROL  a file with the shift in seconds, an int64

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

using Shift = std::atomic<std::int64_t>;

std::int64_t shift() {
  static Shift* const shared = [] {
    const char* path = std::getenv("SHIFTED_CLOCK_CONTROL");
    const int file = path != nullptr ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) std::abort();
    void* memory = ::mmap(nullptr, sizeof(Shift), PROT_READ, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) std::abort();
    ::close(file);
    return static_cast<Shift*>(memory);
  }();
  return shared->load();
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

bool tells_the_day(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static const auto ask = real<int(clockid_t, timespec*)>("clock_gettime");
  const int failed = ask(clock, time);
  if (failed == 0 && tells_the_day(clock)) time->tv_sec += shift();
  return failed;
}

int gettimeofday(timeval* time, void* zone) noexcept {
  static const auto ask = real<int(timeval*, void*)>("gettimeofday");
  const int failed = ask(time, zone);
  if (failed == 0) time->tv_sec += shift();
  return failed;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}
}
