#include "meta/sqlite/testing/faulty_vfs.h"

#include <cerrno>
#include <new>

#include <fmt/core.h>

namespace entrepot::meta::sqlite::testing {
namespace {

// SQLite allocates this for each file, and room for the system's own file behind it.
struct File {
  sqlite3_file base;  // first: SQLite sees only this
  FaultyVfs* faulty;
  sqlite3_file* system() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File* file_of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* system_of(sqlite3_file* file) { return file_of(file)->system(); }
const sqlite3_io_methods& methods_of(sqlite3_file* file) { return *system_of(file)->pMethods; }

int errno_of(FaultyVfs::How how) {
  switch (how) {
    case FaultyVfs::How::DiskFull:
      return ENOSPC;
    case FaultyVfs::How::QuotaFull:
      return EDQUOT;
    case FaultyVfs::How::BadDisk:
      return EIO;
    case FaultyVfs::How::ReadOnlyFs:
      return EROFS;
  }
  return EIO;
}

}  // namespace

// The functions that SQLite calls, as it declares them.
struct FaultyCalls {
  static FaultyVfs& of(sqlite3_vfs* vfs) { return *static_cast<FaultyVfs*>(vfs->pAppData); }
  static FaultyVfs& of(sqlite3_file* file) { return *file_of(file)->faulty; }

  // What may fail.
  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
    const int code = of(file).before_operation(SQLITE_IOERR_WRITE);
    return code ? code : methods_of(file).xWrite(system_of(file), bytes, count, offset);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const int code = of(file).before_operation(SQLITE_IOERR_TRUNCATE);
    return code ? code : methods_of(file).xTruncate(system_of(file), size);
  }
  static int sync(sqlite3_file* file, int flags) {
    ++of(file).syncs_;
    const int code = of(file).before_operation(SQLITE_IOERR_FSYNC);
    return code ? code : methods_of(file).xSync(system_of(file), flags);
  }

  // What is only handed on.
  static int close(sqlite3_file* file) { return methods_of(file).xClose(system_of(file)); }
  static int read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 offset) {
    return methods_of(file).xRead(system_of(file), bytes, count, offset);
  }
  static int size(sqlite3_file* file, sqlite3_int64* size) {
    return methods_of(file).xFileSize(system_of(file), size);
  }
  static int lock(sqlite3_file* file, int level) {
    return methods_of(file).xLock(system_of(file), level);
  }
  static int unlock(sqlite3_file* file, int level) {
    return methods_of(file).xUnlock(system_of(file), level);
  }
  static int check_lock(sqlite3_file* file, int* locked) {
    return methods_of(file).xCheckReservedLock(system_of(file), locked);
  }
  static int control(sqlite3_file* file, int operation, void* argument) {
    return methods_of(file).xFileControl(system_of(file), operation, argument);
  }
  static int sector_size(sqlite3_file* file) {
    return methods_of(file).xSectorSize(system_of(file));
  }
  static int characteristics(sqlite3_file* file) {
    return methods_of(file).xDeviceCharacteristics(system_of(file));
  }
  static int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    return methods_of(file).xShmMap(system_of(file), page, size, extend, out);
  }
  static int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
    return methods_of(file).xShmLock(system_of(file), offset, count, flags);
  }
  static void shared_barrier(sqlite3_file* file) { methods_of(file).xShmBarrier(system_of(file)); }
  static int unmap_shared(sqlite3_file* file, int remove) {
    return methods_of(file).xShmUnmap(system_of(file), remove);
  }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* raw, int flags, int* out) {
    static const sqlite3_io_methods kMethods = {
        .iVersion = 2,
        .xClose = &close,
        .xRead = &read,
        .xWrite = &write,
        .xTruncate = &truncate,
        .xSync = &sync,
        .xFileSize = &size,
        .xLock = &lock,
        .xUnlock = &unlock,
        .xCheckReservedLock = &check_lock,
        .xFileControl = &control,
        .xSectorSize = &sector_size,
        .xDeviceCharacteristics = &characteristics,
        .xShmMap = &map_shared,
        .xShmLock = &lock_shared,
        .xShmBarrier = &shared_barrier,
        .xShmUnmap = &unmap_shared,
        .xFetch = nullptr,
        .xUnfetch = nullptr,
    };
    File* const file = new (raw) File{};
    file->faulty = &of(vfs);
    sqlite3_vfs* const system = of(vfs).system_;
    const int code = system->xOpen(system, path, file->system(), flags, out);
    // Without methods SQLite does not call xClose.
    file->base.pMethods = file->system()->pMethods ? &kMethods : nullptr;
    return code;
  }
};

FaultyVfs::FaultyVfs()
    : name_(fmt::format("faulty-{}", static_cast<const void*>(this))),
      system_(sqlite3_vfs_find(nullptr)),
      vfs_(*system_) {
  // Whatever is not replaced is the system's: its functions use nothing of the vfs they are given.
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + system_->szOsFile;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.pNext = nullptr;
  vfs_.xOpen = &FaultyCalls::open;
  sqlite3_vfs_register(&vfs_, 0);
}

FaultyVfs::~FaultyVfs() { sqlite3_vfs_unregister(&vfs_); }

void FaultyVfs::arm(int n, How how, bool stays) {
  failed_ = false;
  how_ = how;
  stays_ = stays;
  left_ = n;
}

int FaultyVfs::before_operation(int io_error) {
  ++operations_;
  int left = left_;
  while (left > 1 && !left_.compare_exchange_weak(left, left - 1)) {
  }
  if (left != 1) return SQLITE_OK;
  if (!stays_) left_ = kNever;
  failed_ = true;
  errno = errno_of(how_);
  return how_ == How::DiskFull && io_error == SQLITE_IOERR_WRITE ? SQLITE_FULL : io_error;
}

}  // namespace entrepot::meta::sqlite::testing
