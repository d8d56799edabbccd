#include "server/host/trusted_path.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "file/error.h"

namespace entrepot::server {
namespace {

constexpr int kMostLinks = 40;  // the kernel's own limit
constexpr mode_t kOthersPass = 0755;
constexpr mode_t kOwnerAlone = 0700;

// The components of `path`, the last first, so that the next one is at the back.
std::vector<std::string> reversed_components(std::string_view path) {
  std::vector<std::string> components;
  while (!path.empty()) {
    const auto slash = path.rfind('/');
    const std::string_view name = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
    if (!name.empty() && name != ".") components.emplace_back(name);
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
  return components;
}

bool only_root_changes(const struct stat& folder) {
  const bool others_write = (folder.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  return folder.st_uid == 0 && (!others_write || (folder.st_mode & S_ISVTX) != 0);
}

class Walk {
 public:
  Walk(const std::string& path, WhenMissing when_missing)
      : path_(path), when_missing_(when_missing), ahead_(reversed_components(path)) {}

  Result<std::unique_ptr<OpenFile>> run() {
    TRY(start_at(path_.starts_with('/') ? "/" : "."));
    while (!ahead_.empty()) {
      const std::string name = std::move(ahead_.back());
      ahead_.pop_back();
      TRY(step(name));
    }
    return open(here_->descriptor(), ".", O_RDONLY | O_DIRECTORY);
  }

 private:
  Failure failure(std::string_view name) const {
    return file::refused(errno, "opening {} of {}", name, path_);
  }

  Result<std::unique_ptr<OpenFile>> open(int folder, const char* name, int flags) const {
    // All flags here are such that a pipe is not waited for.
    const int descriptor = ::openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) return failure(name);
    return std::make_unique<OpenFile>(descriptor);
  }

  Result<void> start_at(const char* root) {
    TRY_ASSIGN(here_, open(AT_FDCWD, root, O_PATH | O_DIRECTORY));
    return {};
  }

  Result<void> step(const std::string& name) {
    auto next = open(here_->descriptor(), name.c_str(), O_PATH);
    const bool missing = !next && next.error().code == ErrorCode::NotFound;
    if (missing && when_missing_ == WhenMissing::Make) next = make(name);
    if (!next) return propagate(std::move(next));
    struct stat found {};
    if (::fstat((*next)->descriptor(), &found) != 0) return failure(name);
    if (S_ISLNK(found.st_mode)) return follow(**next, found, name);
    if (!S_ISDIR(found.st_mode)) return file::refused(ENOTDIR, "using {}", path_);
    here_ = *std::move(next);
    return {};
  }

  Result<std::unique_ptr<OpenFile>> make(const std::string& name) {
    if (::mkdirat(here_->descriptor(), name.c_str(), kOwnerAlone) != 0 && errno != EEXIST) {
      return failure(name);
    }
    TRY_ASSIGN(auto made, open(here_->descriptor(), name.c_str(), O_RDONLY | O_DIRECTORY));
    if (!ahead_.empty() && ::fchmod(made->descriptor(), kOthersPass) != 0) return failure(name);
    return made;
  }

  Result<void> follow(const OpenFile& link, const struct stat& found, const std::string& name) {
    struct stat folder {};
    if (::fstat(here_->descriptor(), &folder) != 0) return failure(name);
    if (found.st_uid != 0 || !only_root_changes(folder)) {
      return fail(ErrorCode::Denied,
                  "{}: \"{}\" is a symbolic link that somebody other than root can change, so root "
                  "does not follow it; name the directory that it leads to",
                  path_, name);
    }
    if (++links_ > kMostLinks) return file::refused(ELOOP, "opening {}", path_);
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlinkat(link.descriptor(), "", target.data(), target.size());
    if (size < 0) return failure(name);
    const std::string_view text(target.data(), static_cast<std::size_t>(size));
    for (std::string& component : reversed_components(text)) ahead_.push_back(std::move(component));
    return text.starts_with('/') ? start_at("/") : Result<void>();
  }

  const std::string& path_;
  const WhenMissing when_missing_;
  std::vector<std::string> ahead_;
  std::unique_ptr<OpenFile> here_;
  int links_ = 0;
};

}  // namespace

Result<std::unique_ptr<OpenFile>> open_trusted_directory(const std::string& path,
                                                         WhenMissing when_missing) {
  return Walk(path, when_missing).run();
}

}  // namespace entrepot::server
