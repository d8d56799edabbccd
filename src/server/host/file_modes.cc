#include "server/host/file_modes.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/log.h"
#include "base/source.h"

namespace entrepot::server {
namespace {

constexpr mode_t kGroup = S_IRWXG;
constexpr mode_t kOthers = S_IRWXO;
constexpr int kHere = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

bool hands_its_group_down(const struct stat& found) {
  return (found.st_mode & S_ISGID) != 0 && (found.st_mode & kGroup) == kGroup;
}

class Tightening {
 public:
  explicit Tightening(std::string path) : path_(std::move(path)) {}

  void run() {
    // Through a link, too: the server itself goes that way.
    const OpenFile directory(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat found {};
    if (directory.descriptor() < 0 || ::fstat(directory.descriptor(), &found) != 0) return;
    unwanted_ = hands_its_group_down(found) ? kOthers : kGroup | kOthers;
    tighten(directory, found, path_);
    tighten_entries(directory, path_);
    if (left_ > 0) {
      log::warning("{}{} can be read by others, and is not ours to change: chmod -R go= {}", first_,
                   left_ == 1 ? "" : fmt::format(" and {} more", left_ - 1), path_);
    }
  }

 private:
  void tighten(const OpenFile& file, const struct stat& found, const std::string& path) {
    if ((found.st_mode & unwanted_) == 0) return;
    const bool other_names = S_ISREG(found.st_mode) && found.st_nlink > 1;
    const bool ours = found.st_uid == ::geteuid() && !other_names;
    if (ours && ::fchmod(file.descriptor(), found.st_mode & 07777 & ~unwanted_) == 0) return;
    if (left_++ == 0) first_ = path;
  }

  // Uploads and the quarantine may hold many files; they are behind a directory that is closed.
  void tighten_entries(const OpenFile& directory, const std::string& path) {
    const int copy = ::openat(directory.descriptor(), ".", kHere | O_DIRECTORY);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(copy < 0 ? nullptr : ::fdopendir(copy),
                                                      ::closedir);
    if (entries == nullptr) return;
    while (const dirent* entry = ::readdir(entries.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      const OpenFile file(::openat(directory.descriptor(), entry->d_name, kHere));
      struct stat found {};
      if (file.descriptor() < 0 || ::fstat(file.descriptor(), &found) != 0) continue;
      if (!S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode)) continue;
      const std::string inner = fmt::format("{}/{}", path, name);
      tighten(file, found, inner);
      if (S_ISDIR(found.st_mode) && name == "backups") tighten_entries(file, inner);
    }
  }

  const std::string path_;
  mode_t unwanted_ = 0;
  std::uint64_t left_ = 0;
  std::string first_;
};

}  // namespace

void tighten_modes(const std::string& directory) { Tightening(directory).run(); }

}  // namespace entrepot::server
