#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "meta/sqlite/store.h"
#include "server/command/checks.h"
#include "server/host/trusted_path.h"
#include "server/run/data_directory.h"

namespace entrepot::server {
namespace {

namespace fs = std::filesystem;

// Below the first, pushes are refused (blob/fs/store.h); below the second somebody should look.
constexpr std::uint64_t kReserveBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kLittleBytes = std::uint64_t{1} << 30;

std::string reason(int error) { return std::generic_category().message(error); }

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// What lies there besides what we make; empty when nothing does.
std::string first_stranger(const std::string& data) {
  std::error_code error;
  for (fs::directory_iterator at(data, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name != "docker" && name != "entrepot" && name != "lost+found") return name;
  }
  return {};
}

void check_our_metadata(const Options& options, Findings& findings) {
  const std::string path = DataDirectory::metadata_path_of(options.data);
  if (const auto holder = holder_of(options.data)) {
    findings.ok(
        "data: {} is a registry of entrepot's; process {} serves it, and has to end before "
        "another begins",
        options.data, holder->process);
    return;
  }
  // What a server left that was killed is read by the next one together with the file.
  std::error_code error;
  if (const auto log = fs::file_size(path + "-wal", error); !error && log > 0) {
    findings.ok(
        "data: {} is a registry of entrepot's, whose last server did not end by itself; "
        "the start takes up what it left",
        options.data);
    return;
  }
  const auto looked = meta::sqlite::SqliteStore::look(path);
  if (looked) {
    findings.ok("data: {} is a registry of entrepot's", options.data);
  } else {
    findings.error("data: {}", looked.error().message);
  }
}

// The nearest folder above that is there.
std::string existing_above(const std::string& path) {
  fs::path at = fs::path(path).lexically_normal();
  if (!at.has_filename()) at = at.parent_path();
  do {
    at = at.has_parent_path() ? at.parent_path() : fs::path(".");
  } while (!exists(at.string()) && at != "." && at != at.root_path());
  return at.string();
}

// Is it root's, so that the start gives it and what is in it to the account?
bool will_be_handed_over(const std::string& path, const std::optional<Account>& account) {
  struct stat found {};
  return account && account->uid != 0 && ::stat(path.c_str(), &found) == 0 && found.st_uid == 0;
}

void check_room(const std::string& folder, Findings& findings) {
  struct statvfs found {};
  if (::statvfs(folder.c_str(), &found) != 0) return;
  const std::uint64_t free_bytes = std::uint64_t{found.f_bavail} * found.f_frsize;
  const std::uint64_t free_mib = free_bytes >> 20;
  if ((found.f_flag & ST_RDONLY) != 0) {
    findings.error("data: the file system of {} is mounted read-only; mount it for writing",
                   folder);
  } else if (free_bytes < 2 * kReserveBytes) {
    findings.warning(
        "room: {} MiB are free at {}; pushes are refused (507) with less than {} MiB. "
        "Make room, or use another disk",
        free_mib, folder, kReserveBytes >> 20);
  } else if (free_bytes < kLittleBytes || (found.f_files > 0 && found.f_favail < 10'000)) {
    findings.warning("room: {} MiB and {} files are free at {}, which is little for layers",
                     free_mib, found.f_favail, folder);
  } else {
    findings.ok("room: {} MiB are free at {}", free_mib, folder);
  }
}

void check_making(const Options& options, const std::optional<Account>& account,
                  Findings& findings) {
  const std::string above = existing_above(options.data);
  const bool by_root = account.has_value();  // who starts as root makes it before becoming another
  struct stat found {};
  if (::stat(above.c_str(), &found) == 0 && !S_ISDIR(found.st_mode)) {
    findings.error("data: {} cannot be made, for {} is no directory", options.data, above);
    return;
  }
  if (!by_root && ::access(above.c_str(), W_OK | X_OK) != 0) {
    findings.error(
        "data: {} is not there, and user {} cannot make it: {}: {}. Make it and give it "
        "to that user",
        options.data, ::geteuid(), above, reason(errno));
    return;
  }
  findings.ok("data: {} is not there; the start makes it", options.data);
  check_room(above, findings);
}

// "DATA/docker" of "DATA/docker/registry"; DATA of itself.
std::string child_above(const std::string& data, const std::string& place) {
  return place.substr(0, place.find('/', std::min(data.size() + 1, place.size())));
}

// What has to be possible in a place for a start, and what is missed later without the rest.
struct Need {
  std::string_view place;  // below the data directory
  int at_start;
  std::string_view later;
};
constexpr Need kNeeds[] = {
    {"", R_OK | W_OK | X_OK, ""},
    {"/entrepot", R_OK | W_OK | X_OK, ""},
    {"/entrepot/backups", F_OK, "there would be no backups"},
    {"/entrepot/quarantine", F_OK, "what is damaged could not be set aside"},
};
constexpr Need kOther{"", R_OK | X_OK, "pushes would fail"};

// False when the server would not start; what lies below then need not be looked at.
bool check_place(const std::string& data, const std::string& place, Findings& findings) {
  if (::access(place.c_str(), R_OK | W_OK | X_OK) == 0 || errno == ENOENT) return true;
  const int error = errno;
  const std::string_view below = std::string_view(place).substr(data.size());
  const auto* found = std::find_if(std::begin(kNeeds), std::end(kNeeds),
                                   [&](const Need& need) { return need.place == below; });
  const Need& need = found == std::end(kNeeds) ? kOther : *found;
  struct stat owner {};
  static_cast<void>(::stat(data.c_str(), &owner));
  const std::string remedy = fmt::format(
      "To give it the directory: chown -R {}:{} {}; to run as who owns that: --user {}:{} "
      "(ENTREPOT_USER)",
      ::geteuid(), ::getegid(), data, owner.st_uid, owner.st_gid);
  if (::access(place.c_str(), need.at_start) == 0) {
    findings.warning("data: user {} cannot work in {} ({}), so {}. {}", ::geteuid(), place,
                     reason(error), need.later, remedy);
    return true;
  }
  findings.error("data: user {} cannot work in {}: {}. {}", ::geteuid(), place, reason(error),
                 remedy);
  return false;
}

}  // namespace

void check_data_contents(const Options& options, const std::optional<Account>& account,
                         Findings& findings) {
  if (account) {
    const auto opened = open_trusted_directory(options.data, WhenMissing::Fail);
    if (!opened && opened.error().code != ErrorCode::NotFound) {
      findings.error("data: {}", opened.error().message);
      return;
    }
  }
  if (::access(options.data.c_str(), R_OK | X_OK) != 0) return;  // check_data_access() says why
  if (const auto present = check_metadata_present(options.data); !present) {
    findings.error("data: {}", present.error().message);
  } else if (exists(DataDirectory::metadata_path_of(options.data))) {
    check_our_metadata(options, findings);
  } else if (!check_adopted(options.data)) {
    findings.ok("data: {} is a registry:2's; the start takes it over, and copies nothing",
                options.data);
  } else if (const std::string stranger = first_stranger(options.data); !stranger.empty()) {
    findings.warning(
        "data: {} is no registry, and holds something else ({}); the start puts "
        "`docker` and `entrepot` beside it. Is it the right directory?",
        options.data, stranger);
  } else {
    findings.ok("data: {} is empty; the start begins a new registry", options.data);
  }
}

void check_data_access(const Options& options, const std::optional<Account>& account,
                       Findings& findings) {
  struct stat found {};
  if (::stat(options.data.c_str(), &found) != 0) {
    if (errno == ENOENT) return check_making(options, account, findings);
    findings.error("data: user {} cannot reach {}: {}", ::geteuid(), options.data, reason(errno));
    return;
  }
  if (!S_ISDIR(found.st_mode)) {
    findings.error("data: {} is no directory; name one", options.data);
    return;
  }
  check_room(options.data, findings);
  if (will_be_handed_over(options.data, account)) {
    findings.ok("data: {} is root's; the start gives what is root's in it to user {}", options.data,
                account->uid);
    return;
  }
  for (const std::string& place : places_of_server(options.data)) {
    const std::string child = child_above(options.data, place);
    if (!will_be_handed_over(child, account)) {
      if (!check_place(options.data, place, findings)) return;
    } else if (child == place) {
      findings.ok("data: {} is root's; the start gives it to user {}", place, account->uid);
    }
  }
}

}  // namespace entrepot::server
