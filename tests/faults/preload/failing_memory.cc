// A library for LD_PRELOAD: the n-th request for memory gets none, when a test says so. The test
// and the process share a Control in a file; failing_memory.py is its other side.
//
//   FAILING_MEMORY_CONTROL  the file

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
}

namespace {

struct Control {
  std::atomic<std::int32_t> countdown;  // the request that makes it 0 fails; 0 at the start: none
  std::atomic<std::int32_t> every;      // 0: once; else also each so many requests later
  std::atomic<std::int32_t> hits;       // how many failed
  std::atomic<std::int32_t> least;      // requests of fewer bytes are let pass, and not counted
};

Control* control = nullptr;

__attribute__((constructor)) void open_control() {
  const char* path = std::getenv("FAILING_MEMORY_CONTROL");
  const int file = path != nullptr ? ::open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) std::abort();
  void* shared = ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (shared == MAP_FAILED) std::abort();
  ::close(file);
  control = static_cast<Control*>(shared);
}

bool fails(std::size_t bytes) {
  if (control == nullptr || control->countdown.load() <= 0) return false;
  if (bytes < static_cast<std::size_t>(control->least.load())) return false;
  if (--control->countdown != 0) return false;
  control->countdown = control->every.load();
  ++control->hits;
  errno = ENOMEM;
  return true;
}

}  // namespace

extern "C" {

void* malloc(size_t size) { return fails(size) ? nullptr : __libc_malloc(size); }

void* calloc(size_t count, size_t size) {
  return fails(count * size) ? nullptr : __libc_calloc(count, size);
}

void* realloc(void* block, size_t size) {
  return fails(size) ? nullptr : __libc_realloc(block, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
  return fails(size) ? nullptr : __libc_memalign(alignment, size);
}

int posix_memalign(void** block, size_t alignment, size_t size) {
  *block = fails(size) ? nullptr : __libc_memalign(alignment, size);
  return *block == nullptr ? ENOMEM : 0;
}

}  // extern "C"
