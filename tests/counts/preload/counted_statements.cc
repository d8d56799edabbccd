// Counts what SQLite is asked: each statement that ran is reset once. The number is in the file
// that COUNTED_STATEMENTS names.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

std::atomic<std::int64_t>* open_counter() {
  const int file = open(std::getenv("COUNTED_STATEMENTS"), O_RDWR | O_CLOEXEC);
  void* const memory =
      mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) std::abort();
  return static_cast<std::atomic<std::int64_t>*>(memory);
}

}  // namespace

extern "C" int sqlite3_reset(void* statement) {
  using Reset = int (*)(void*);
  static const auto reset = reinterpret_cast<Reset>(dlsym(RTLD_NEXT, "sqlite3_reset"));
  static std::atomic<std::int64_t>* const counter = open_counter();
  ++*counter;
  return reset(statement);
}
