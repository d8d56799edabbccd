#include "server/privileges.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "base/source.h"
#include "server/system_error.h"

namespace entrepot::server {
namespace {

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
};

std::optional<Account> parse_numbers(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  Account account;
  const char* const middle = text.data() + colon;
  const char* const end = text.data() + text.size();
  const auto uid = std::from_chars(text.data(), middle, account.uid);
  const auto gid = std::from_chars(middle + 1, end, account.gid);
  if (uid.ec != std::errc() || uid.ptr != middle || gid.ec != std::errc() || gid.ptr != end) {
    return std::nullopt;
  }
  return account;
}

Result<Account> find_account(const std::string& user) {
  if (const auto numbers = parse_numbers(user)) return *numbers;
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16 << 10);
  const int error = ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0) return system_error(error, fmt::format("looking up the user {}", user));
  if (found == nullptr) return fail(ErrorCode::NotFound, "user: there is no user {}", user);
  return Account{entry.pw_uid, entry.pw_gid};
}

// Gives one open directory and what is in it to the account, the directory itself last: a walk that
// broke off is done again at the next start. Follows no links and crosses into nothing that is
// swapped in meanwhile.
Result<void> give_tree(int directory, const Account& account, const std::string& path) {
  const int copy = ::fcntl(directory, F_DUPFD_CLOEXEC, 0);
  std::unique_ptr<DIR, int (*)(DIR*)> entries(copy < 0 ? nullptr : ::fdopendir(copy), ::closedir);
  if (entries == nullptr) return system_error(errno, fmt::format("reading {}", path));
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string inner = fmt::format("{}/{}", path, name);
    const int child =
        ::openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (child >= 0) {
      const OpenFile holder(child);
      TRY(give_tree(child, account, inner));
    } else if (::fchownat(directory, entry->d_name, account.uid, account.gid,
                          AT_SYMLINK_NOFOLLOW) != 0) {
      return system_error(errno, fmt::format("changing the owner of {}", inner));
    }
  }
  if (::fchown(directory, account.uid, account.gid) != 0) {
    return system_error(errno, fmt::format("changing the owner of {}", path));
  }
  return {};
}

Result<void> give_where_needed(const std::string& path, const Account& account) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) return {};
  if (descriptor < 0) return system_error(errno, fmt::format("opening {}", path));
  const OpenFile directory(descriptor);
  struct stat found {};
  if (::fstat(descriptor, &found) != 0) {
    return system_error(errno, fmt::format("looking at {}", path));
  }
  if (found.st_uid == account.uid) return {};
  log::info("{}: changing its owner to {}:{}", path, account.uid, account.gid);
  return give_tree(descriptor, account, path);
}

}  // namespace

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

Result<void> become_user(const std::string& user, const std::string& data_path) {
  TRY_ASSIGN(const Account account, find_account(user));
  if (::geteuid() != 0) {
    if (account.uid == ::geteuid()) return {};
    return fail(ErrorCode::Denied, "user: only root can become {}", user);
  }
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(data_path).parent_path(), error);
  if (::mkdir(data_path.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error(errno, fmt::format("making {}", data_path));
  }
  TRY(give_where_needed(data_path, account));
  TRY(give_where_needed(data_path + "/entrepot", account));
  if (::setgroups(0, nullptr) != 0 || ::setgid(account.gid) != 0 || ::setuid(account.uid) != 0) {
    return system_error(errno, fmt::format("becoming the user {}", user));
  }
  CHECK(account.uid == 0 || ::setuid(0) != 0);  // there is no way back
  return {};
}

Result<void> become_owner(const std::string& user, const std::string& data_path) {
  if (!user.empty()) return become_user(user, data_path);
  struct stat found {};
  if (::geteuid() != 0 || ::stat(data_path.c_str(), &found) != 0 || found.st_uid == 0) return {};
  return become_user(fmt::format("{}:{}", found.st_uid, found.st_gid), data_path);
}

}  // namespace entrepot::server
