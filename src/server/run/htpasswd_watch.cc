#include "server/run/htpasswd_watch.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/log.h"
#include "file/error.h"
#include "server/configure/secret_file.h"

namespace entrepot::server {
namespace {

constexpr std::size_t kMostBytes = 16 << 20;

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Result<Bytes> read_htpasswd(const std::string& path) {
  auto text = read_secret_file(path, kMostBytes);
  if (!text) return Failure(std::move(text).error().within("auth.htpasswd"));
  return text;
}

Result<HtpasswdWatch::Stamp> HtpasswdWatch::stamp() const {
  struct stat status {};
  if (::stat(path_.c_str(), &status) != 0) return file::refused(errno, "looking at {}", path_);
  return Stamp{status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
               nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

Result<void> HtpasswdWatch::open(Context& context) {
  auto now = stamp();
  if (!now) return Failure(std::move(now).error().within("auth.htpasswd"));
  return take(context, *now);
}

void HtpasswdWatch::look(Context& context) {
  const auto now = stamp();
  Result<void> taken;
  if (!now) {
    taken = Failure(now.error());
  } else {
    const bool is_quiet = std::exchange(seen_, *now) == *now;
    if (*now == taken_ || !is_quiet) return;
    taken = take(context, *now);
  }
  if (taken) {
    if (std::exchange(is_away_, false)) log::info("auth.htpasswd: {} is back", path_);
    return;
  }
  users_.close();
  taken_.reset();
  if (std::exchange(is_away_, true)) return;
  log::error("auth.htpasswd: nobody signs in by it now: {}", taken.error());
}

Result<void> HtpasswdWatch::take(Context& context, const Stamp& now) {
  TRY_ASSIGN(const Bytes text, read_htpasswd(path_));
  TRY_ASSIGN(const Stamp after, stamp());
  if (!(after == now)) return {};  // at a later look
  TRY(users_.take(context, text));
  seen_ = taken_ = now;
  return {};
}

}  // namespace entrepot::server
