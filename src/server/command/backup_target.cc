#include "server/command/backup_target.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>
#include <vector>

#include "crypto/hash.h"
#include "file/error.h"
#include "file/write.h"
#include "server/run/data_directory.h"

namespace entrepot::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRandomBytes = 8;

// By what it is, not by how it is called: a bind mount has another name, too.
struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};

std::vector<Identity> places_of(const std::string& data_path) {
  std::vector<Identity> places;
  // An operator may have put some of them on another disk by a link.
  for (const std::string& place : places_of_server(data_path)) {
    struct stat found {};
    if (::stat(place.c_str(), &found) == 0) {
      places.push_back({found.st_dev, found.st_ino});
    }
  }
  return places;
}

bool lies_in(const fs::path& folder, const std::vector<Identity>& places) {
  for (fs::path at = folder;; at = at.parent_path()) {
    struct stat found {};
    const bool is_place = ::stat(at.c_str(), &found) == 0 &&
                          std::find(places.begin(), places.end(),
                                    Identity{found.st_dev, found.st_ino}) != places.end();
    if (is_place) return true;
    if (at == at.parent_path()) return false;
  }
}

}  // namespace

Result<BackupTarget> BackupTarget::choose(const std::string& file, const std::string& data_path) {
  const fs::path path(file);
  const std::string name = path.filename().string();
  struct stat found {};
  if (::lstat(file.c_str(), &found) == 0) {
    return fail(ErrorCode::AlreadyExists, "{} is there already; name a file that is not", file);
  }
  if (name.empty()) return fail(ErrorCode::InvalidArgument, "--to: \"{}\" names no file", file);
  const std::string parent = path.has_parent_path() ? path.parent_path().string() : ".";
  std::error_code error;
  const fs::path folder = fs::canonical(parent, error);
  if (error) return file::refused(error.value(), "looking for the directory {}", parent);
  if (lies_in(folder, places_of(data_path))) {
    return fail(
        ErrorCode::InvalidArgument,
        "{} lies in the data directory; a backup there goes when that goes (without --to it "
        "goes to entrepot/backups)",
        file);
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return file::refused(errno, "writing in {} as user {}, whom the data belongs to",
                         folder.string(), ::geteuid());
  }
  const std::string beside =
      fmt::format(".{}.{}", name, crypto::to_hex(crypto::random_bytes(kRandomBytes)));
  return BackupTarget((folder / name).string(), (folder / beside).string());
}

Result<void> BackupTarget::publish() const { return file::publish_new(beside_, path_); }

void BackupTarget::discard() const { ::unlink(beside_.c_str()); }

}  // namespace entrepot::server
