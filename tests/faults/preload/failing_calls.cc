// A library for LD_PRELOAD: system calls on the files below one directory fail, or kill the
// process, when a test says so. The test and the process share a Control in a file;
// failing_calls.py is its other side.
//
//   FAILING_CALLS_CONTROL  the file
//   FAILING_CALLS_BELOW    the directory

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

enum Kind : std::uint32_t { kWrite = 1, kSync = 2, kRename = 4, kRemove = 8, kRead = 16 };

constexpr std::int32_t kKill = 0;
constexpr std::int32_t kShort = -1;

struct Control {
  std::uint32_t kinds;                  // the calls that count
  std::int32_t action;                  // an errno, or kKill, or kShort: half of the bytes
  std::int32_t every;                   // 0: once; else also each so many calls later
  std::atomic<std::int32_t> countdown;  // the call that makes it 0 is hit; 0 at the start: none
  std::atomic<std::uint32_t> hits;      // how many were
  std::atomic<std::uint32_t> resynced;  // syncs of the file whose sync failed, after that
  char call[16];                        // the first hit
  char path[PATH_MAX];                  // and on which file
};

Control* open_control() {
  const char* path = std::getenv("FAILING_CALLS_CONTROL");
  const int file = path != nullptr ? ::open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) std::abort();
  void* shared = ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (shared == MAP_FAILED) std::abort();
  return static_cast<Control*>(shared);
}

Control& control() {
  static Control* const shared = open_control();
  return *shared;
}

const std::string& below() {
  static const std::string directory = std::getenv("FAILING_CALLS_BELOW");
  return directory;
}

std::string path_of(int descriptor) {
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t length = ::readlink(link.c_str(), path, sizeof path);
  return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : "";
}

std::string path_at(int directory, const char* path) {
  return path[0] == '/' || directory == AT_FDCWD ? path : path_of(directory) + "/" + path;
}

// Whether this call is to be hit.
bool hit(Kind kind, const char* call, const std::string& path) {
  Control& shared = control();
  if (!path.starts_with(below())) return false;
  if (kind == kSync && std::strstr(shared.call, "sync") != nullptr && path == shared.path) {
    ++shared.resynced;
  }
  if ((shared.kinds & kind) == 0 || shared.countdown <= 0 || --shared.countdown != 0) return false;
  if (shared.every > 0) shared.countdown = shared.every;
  if (shared.hits++ == 0) {
    std::snprintf(shared.call, sizeof shared.call, "%s", call);
    std::snprintf(shared.path, sizeof shared.path, "%s", path.c_str());
  }
  if (shared.action == kKill) ::kill(::getpid(), SIGKILL);
  return shared.action != kShort;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

int fail() {
  errno = control().action;
  return -1;
}

// How much of `size` a write is to take when it may be cut short.
std::size_t cut(std::size_t size, std::uint32_t hits_before) {
  const bool is_cut = control().action == kShort && control().hits != hits_before;
  return is_cut && size > 1 ? size / 2 : size;
}

bool armed(Kind kind) { return control().countdown > 0 && (control().kinds & kind) != 0; }

// A sync is looked at also when none is to fail, to see one that is repeated.
bool watched() { return control().countdown > 0 || control().hits > 0; }

}  // namespace

#define CALL(name, ...) real<decltype(::name)>(#name)(__VA_ARGS__)

extern "C" {

ssize_t write(int file, const void* bytes, size_t size) {
  if (!armed(kWrite)) return CALL(write, file, bytes, size);
  const auto before = control().hits.load();
  if (hit(kWrite, "write", path_of(file))) return fail();
  return CALL(write, file, bytes, cut(size, before));
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  if (!armed(kWrite)) return CALL(pwrite, file, bytes, size, offset);
  const auto before = control().hits.load();
  if (hit(kWrite, "pwrite", path_of(file))) return fail();
  return CALL(pwrite, file, bytes, cut(size, before), offset);
}

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t offset) {
  return pwrite(file, bytes, size, offset);
}

ssize_t pread(int file, void* bytes, size_t size, off_t offset) {
  if (armed(kRead) && hit(kRead, "pread", path_of(file))) return fail();
  return CALL(pread, file, bytes, size, offset);
}

ssize_t pread64(int file, void* bytes, size_t size, off64_t offset) {
  return pread(file, bytes, size, offset);
}

ssize_t sendfile(int to, int from, off_t* offset, size_t size) {
  if (armed(kRead) && hit(kRead, "sendfile", path_of(from))) return fail();
  return CALL(sendfile, to, from, offset, size);
}

ssize_t sendfile64(int to, int from, off64_t* offset, size_t size) {
  return sendfile(to, from, offset, size);
}

int fsync(int file) {
  if (watched() && hit(kSync, "fsync", path_of(file))) return fail();
  return CALL(fsync, file);
}

int fdatasync(int file) {
  if (watched() && hit(kSync, "fdatasync", path_of(file))) return fail();
  return CALL(fdatasync, file);
}

int ftruncate(int file, off_t size) {
  if (armed(kRemove) && hit(kRemove, "ftruncate", path_of(file))) return fail();
  return CALL(ftruncate, file, size);
}

int ftruncate64(int file, off64_t size) { return ftruncate(file, size); }

int rename(const char* from, const char* to) {
  if (armed(kRename) && hit(kRename, "rename", to)) return fail();
  return CALL(rename, from, to);
}

int renameat(int from_at, const char* from, int to_at, const char* to) {
  if (armed(kRename) && hit(kRename, "renameat", path_at(to_at, to))) return fail();
  return CALL(renameat, from_at, from, to_at, to);
}

int renameat2(int from_at, const char* from, int to_at, const char* to, unsigned flags) {
  if (armed(kRename) && hit(kRename, "renameat2", path_at(to_at, to))) return fail();
  return CALL(renameat2, from_at, from, to_at, to, flags);
}

int unlink(const char* path) {
  if (armed(kRemove) && hit(kRemove, "unlink", path)) return fail();
  return CALL(unlink, path);
}

int unlinkat(int at, const char* path, int flags) {
  if (armed(kRemove) && hit(kRemove, "unlinkat", path_at(at, path))) return fail();
  return CALL(unlinkat, at, path, flags);
}
}
