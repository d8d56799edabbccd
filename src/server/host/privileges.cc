#include "server/host/privileges.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "base/source.h"
#include "file/error.h"
#include "server/host/process.h"
#include "server/host/trusted_path.h"

namespace entrepot::server {
namespace {

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
  if (error != 0) return file::refused(error, "looking up the user {}", user);
  if (found == nullptr) return fail(ErrorCode::NotFound, "user: there is no user {}", user);
  return Account{entry.pw_uid, entry.pw_gid};
}

std::string numbers_of(const Account& account) {
  return fmt::format("{}:{}", account.uid, account.gid);
}

Result<Account> owner_of(const OpenFile& file, const std::string& path) {
  struct stat found {};
  if (::fstat(file.descriptor(), &found) != 0) {
    return file::refused(errno, "looking at {}", path);
  }
  return Account{found.st_uid, found.st_gid};
}

// chown(2) takes this for "leave it".
constexpr gid_t kGroupStays = static_cast<gid_t>(-1);

// Kubernetes gives a volume to a group so (fsGroup), and does it anew at each mount where another
// group is found.
bool hands_its_group_down(const OpenFile& directory) {
  struct stat found {};
  return ::fstat(directory.descriptor(), &found) == 0 && (found.st_mode & S_ISGID) != 0 &&
         (found.st_mode & S_IRWXG) == S_IRWXG;
}

void warn_of_rest(std::uint64_t number, const std::string& first, std::string_view what) {
  if (number == 0) return;
  log::warning("{}{}: not taken over: {}", first,
               number == 1 ? "" : fmt::format(" and {} more", number - 1), what);
}

void tell(const TakeoverReport& report, const std::string& path, const Account& account) {
  if (report.taken > 0) {
    log::info("{}: {} files and directories of root's belong to {} now", path, report.taken,
              numbers_of(account));
  }
  const std::string command = fmt::format("chown -R {} {}", numbers_of(account), path);
  warn_of_rest(report.of_others, report.first_of_others,
               fmt::format("it belongs to another user; if that is not meant: {}", command));
  warn_of_rest(report.linked, report.first_linked, "it has further names (hard links)");
  warn_of_rest(report.failed, report.first_failed,
               fmt::format("it is no plain file, too deep, or the system refused; if it has to be: "
                           "{}",
                           command));
  if (!report.first_link.empty()) {
    log::warning(
        "{}: what is behind this symbolic link was not taken over; if it has to be: chown "
        "-R {} {}/",
        report.first_link, numbers_of(account), report.first_link);
  }
}

// `docker` or `entrepot` of a directory that is the account's already, if it is root's.
Result<void> hand_over_child(const OpenFile& data, const std::string& data_path, const char* name,
                             const Account& account) {
  const OpenFile child(
      ::openat(data.descriptor(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (child.descriptor() < 0) return {};  // missing, or a link
  const std::string path = fmt::format("{}/{}", data_path, name);
  TRY_ASSIGN(const Account owner, owner_of(child, path));
  if (owner.uid != 0) return {};
  TRY_ASSIGN(const auto report, take_over(child.descriptor(), path, account));
  tell(report, path, account);
  return {};
}

}  // namespace

Result<std::optional<Account>> account_to_become(const std::string& user) {
  if (user.empty()) return std::nullopt;
  TRY_ASSIGN(const Account account, find_account(user));
  if (::geteuid() == 0) return account;
  if (account.uid == ::geteuid()) return std::nullopt;
  return fail(ErrorCode::Denied, "user: only root can become {}", user);
}

Result<void> hand_over(const Account& account, const std::string& data_path) {
  TRY_ASSIGN(const auto data, open_trusted_directory(data_path, WhenMissing::Make));
  if (account.uid == 0) return {};
  TRY_ASSIGN(const Account owner, owner_of(*data, data_path));
  if (owner.uid == account.uid) {
    TRY(hand_over_child(*data, data_path, "docker", account));
    return hand_over_child(*data, data_path, "entrepot", account);
  }
  if (owner.uid == 0) {
    const Account taker{account.uid, hands_its_group_down(*data) ? kGroupStays : account.gid};
    TRY_ASSIGN(const auto report, take_over(data->descriptor(), data_path, taker));
    tell(report, data_path, account);
    return {};
  }
  log::warning(
      "{} belongs to user {}, so nothing in it changes its owner. To run as that user: --user {} "
      "(ENTREPOT_USER={}). To give it to {}: chown -R {} {}",
      data_path, owner.uid, numbers_of(owner), numbers_of(owner), numbers_of(account),
      numbers_of(account), data_path);
  return {};
}

Result<void> give_root_up(const Account& account) {
  if (::setgroups(0, nullptr) != 0 || ::setgid(account.gid) != 0 || ::setuid(account.uid) != 0) {
    return file::refused(errno, "becoming the user {}", numbers_of(account));
  }
  CHECK(account.uid == 0 || ::setuid(0) != 0);  // there is no way back
  forbid_core_files();
  return {};
}

Result<void> become(const Account& account, const std::string& data_path) {
  TRY(give_root_up(account));
  if (::access(data_path.c_str(), R_OK | W_OK | X_OK) == 0 || errno == ENOENT) return {};
  return fail(ErrorCode::Denied,
              "user {} cannot work in {}: {}. To give it the directory: chown -R {} {}; to run as "
              "who owns it: --user UID:GID (ENTREPOT_USER)",
              numbers_of(account), data_path, std::generic_category().message(errno),
              numbers_of(account), data_path);
}

Result<void> become_owner(const std::string& user, const std::string& data_path) {
  if (!user.empty()) {
    TRY_ASSIGN(const auto account, account_to_become(user));
    if (!account) return {};
    TRY(hand_over(*account, data_path));
    return become(*account, data_path);
  }
  if (::geteuid() != 0) return {};
  TRY_ASSIGN(const auto data, if_there(open_trusted_directory(data_path, WhenMissing::Fail)));
  if (!data) return {};
  TRY_ASSIGN(const Account owner, owner_of(**data, data_path));
  return owner.uid == 0 ? Result<void>() : become(owner, data_path);
}

void warn_of_root(const std::string& data_path) {
  struct stat found {};
  const bool of_another = ::stat(data_path.c_str(), &found) == 0 && found.st_uid != 0;
  if (of_another) {
    log::warning(
        "running as root in a directory of user {}, who can thereby reach what is root's: "
        "start with --user {}:{}",
        found.st_uid, found.st_uid, found.st_gid);
  } else {
    log::warning(
        "running as root: start with --user NAME, which takes the data directory over and "
        "gives root up");
  }
}

}  // namespace entrepot::server
