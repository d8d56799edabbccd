#include "server/host/takeover.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "file/error.h"

namespace entrepot::server {
namespace {

constexpr std::size_t kMostLevels = 256;
constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

class Takeover {
 public:
  Takeover(std::string path, const Account& account) : path_(std::move(path)), account_(account) {}

  Result<TakeoverReport> run(int top) {
    const int copy = ::openat(top, ".", kDirectory);
    if (copy < 0) return file::refused(errno, "reading {}", path_);
    TRY(enter(std::make_unique<OpenFile>(copy), ""));
    while (!levels_.empty()) {
      if (levels_.back().ahead.empty()) {
        TRY(leave());
      } else {
        const std::string name = std::move(levels_.back().ahead.back());
        levels_.back().ahead.pop_back();
        TRY(descend(name));
      }
    }
    return std::move(report_);
  }

 private:
  // One directory on the way from the top to the one that is open.
  struct Level {
    std::string name;
    dev_t device = 0;
    ino_t inode = 0;
    bool of_root = false;
    std::vector<std::string> ahead;  // directories in it that were not looked into yet
  };

  std::string path_of(std::string_view name) const {
    std::string path = path_;
    for (const Level& level : levels_) {
      if (!level.name.empty()) path += "/" + level.name;
    }
    return name.empty() ? path : fmt::format("{}/{}", path, name);
  }

  void count(std::uint64_t& counter, std::string& first, std::string_view name) const {
    if (counter++ == 0) first = path_of(name);
  }
  void count_failed(std::string_view name) { count(report_.failed, report_.first_failed, name); }

  Result<void> enter(std::unique_ptr<OpenFile> directory, std::string name) {
    struct stat found {};
    if (::fstat(directory->descriptor(), &found) != 0) {
      return file::refused(errno, "looking at {}", path_of(name));
    }
    levels_.push_back({std::move(name), found.st_dev, found.st_ino, found.st_uid == 0, {}});
    here_ = std::move(directory);
    take_files();
    return {};
  }

  // Takes what is no directory, and writes down the directories.
  void take_files() {
    const int copy = ::openat(here_->descriptor(), ".", kDirectory);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(copy < 0 ? nullptr : ::fdopendir(copy),
                                                      ::closedir);
    if (entries == nullptr) return count_failed("");
    while (const dirent* entry = ::readdir(entries.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") take_entry(entry->d_name);
    }
  }

  void take_entry(const char* name) {
    const OpenFile entry(::openat(here_->descriptor(), name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat found {};
    if (entry.descriptor() < 0 || ::fstat(entry.descriptor(), &found) != 0) {
      return count_failed(name);
    }
    if (S_ISDIR(found.st_mode)) {
      levels_.back().ahead.emplace_back(name);
    } else if (S_ISLNK(found.st_mode)) {
      note_link(name, found);
    } else if (found.st_uid != 0) {
      if (found.st_uid != account_.uid) count(report_.of_others, report_.first_of_others, name);
    } else if (!S_ISREG(found.st_mode)) {
      count_failed(name);
    } else if (found.st_nlink > 1) {
      count(report_.linked, report_.first_linked, name);
    } else if (::fchownat(entry.descriptor(), "", account_.uid, account_.gid, AT_EMPTY_PATH) != 0) {
      count_failed(name);
    } else {
      ++report_.taken;
    }
  }

  void note_link(const char* name, const struct stat& found) {
    struct stat target {};
    const bool leads_to_directory = found.st_uid == 0 && report_.first_link.empty() &&
                                    ::fstatat(here_->descriptor(), name, &target, 0) == 0 &&
                                    S_ISDIR(target.st_mode) && target.st_uid != account_.uid;
    if (leads_to_directory) report_.first_link = path_of(name);
  }

  Result<void> descend(const std::string& name) {
    const int descriptor = ::openat(here_->descriptor(), name.c_str(), kDirectory);
    auto child = std::make_unique<OpenFile>(descriptor);
    struct stat found {};
    if (descriptor < 0 || ::fstat(descriptor, &found) != 0 || levels_.size() == kMostLevels) {
      count_failed(name);
      return {};
    }
    if (found.st_uid != 0 && found.st_uid != account_.uid) {
      count(report_.of_others, report_.first_of_others, name);
      return {};
    }
    return enter(std::move(child), name);
  }

  // The directory itself, now that all in it is done; then up, if that is still where we came from.
  Result<void> leave() {
    if (levels_.back().of_root) {
      if (::fchown(here_->descriptor(), account_.uid, account_.gid) == 0) {
        ++report_.taken;
      } else {
        count_failed("");
      }
    }
    const std::string left = path_of("");
    levels_.pop_back();
    if (levels_.empty()) return {};
    auto above = std::make_unique<OpenFile>(::openat(here_->descriptor(), "..", kDirectory));
    struct stat found {};
    if (above->descriptor() < 0 || ::fstat(above->descriptor(), &found) != 0 ||
        found.st_dev != levels_.back().device || found.st_ino != levels_.back().inode) {
      return fail(ErrorCode::Conflict, "{} was moved while its owner was changed; start again",
                  left);
    }
    here_ = std::move(above);
    return {};
  }

  const std::string path_;
  const Account account_;
  std::vector<Level> levels_;
  std::unique_ptr<OpenFile> here_;  // the last of `levels_`
  TakeoverReport report_;
};

}  // namespace

Result<TakeoverReport> take_over(int top, const std::string& path, const Account& account) {
  return Takeover(path, account).run(top);
}

}  // namespace entrepot::server
