#include "meta/sqlite/internal/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "meta/sqlite/internal/error.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr int kPagesAPiece = 1024;  // 4 MiB between two looks at the Context

Failure system_failure(std::string_view doing, const std::string& path) {
  const int number = errno;
  const bool full = number == ENOSPC || number == EDQUOT;
  return fail(full ? ErrorCode::StorageFull : ErrorCode::Unavailable, "{} {}: {}", doing, path,
              std::strerror(number));
}

Result<void> sync(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return system_failure("opening", path);
  Result<void> synced;
  if (::fsync(fd) != 0) synced = system_failure("syncing", path);
  ::close(fd);
  return synced;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> copy_pages(Context& context, sqlite3_backup* backup, sqlite3* target) {
  for (;;) {
    TRY(context.alive());
    errno = 0;
    const int code = sqlite3_backup_step(backup, kPagesAPiece);
    if (code == SQLITE_DONE) return {};
    if (code != SQLITE_OK) {
      return Failure(error_of({target, code, errno}, "copying the metadata"));
    }
  }
}

Result<void> copy_database(Context& context, Database& source, const std::string& path) {
  Database::Options options;
  options.path = path;
  options.mode = Database::Mode::ReadWrite;
  TRY_ASSIGN(const auto target, Database::open(options));
  // Durable at the end, by one sync; a copy that broke off is thrown away.
  TRY(target->execute("PRAGMA journal_mode = off; PRAGMA synchronous = off"));
  sqlite3_backup* const backup =
      sqlite3_backup_init(target->handle(), "main", source.handle(), "main");
  if (backup == nullptr) {
    const int code = sqlite3_errcode(target->handle());
    return Failure(error_of({target->handle(), code, errno}, "copying the metadata"));
  }
  auto copied = copy_pages(context, backup, target->handle());
  sqlite3_backup_finish(backup);
  return copied;
}

}  // namespace

Result<void> copy_to_file(Context& context, Database& source, const std::string& path) {
  const std::string part = path + ".part";
  ::unlink(part.c_str());
  auto copied = copy_database(context, source, part);
  if (copied) copied = sync(part, O_RDONLY);
  if (!copied) {
    ::unlink(part.c_str());
    return copied;
  }
  if (std::rename(part.c_str(), path.c_str()) != 0) return system_failure("renaming", part);
  return sync(folder_of(path), O_RDONLY | O_DIRECTORY);
}

}  // namespace entrepot::meta::sqlite
