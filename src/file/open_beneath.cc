#include "file/open_beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/source.h"

namespace entrepot::file {
namespace {

using Handle = std::shared_ptr<const OpenFile>;

int flags_for(Wanted wanted) {
  constexpr int kAlways = O_CLOEXEC | O_NOFOLLOW;
  switch (wanted) {
    case Wanted::Look:
      return kAlways | O_PATH;  // openat2 refuses it with anything that means nothing there
    case Wanted::Folder:
      return kAlways | O_RDONLY | O_DIRECTORY;
    case Wanted::File:
      break;
  }
  return kAlways | O_RDONLY | O_NOCTTY | O_NONBLOCK;  // which mean nothing on files
}

template <class Call>
int uninterrupted(const Call& call) {
  while (true) {
    const long result = call();
    if (result >= 0) return static_cast<int>(result);
    if (errno != EINTR) return -errno;
  }
}

// The descriptor, if it is what was wanted.
int checked(int descriptor, Wanted wanted) {
  if (descriptor < 0 || wanted == Wanted::Folder) return descriptor;
  struct stat found {};
  int error = 0;
  if (::fstat(descriptor, &found) != 0) {
    error = errno;
  } else if (S_ISLNK(found.st_mode)) {
    error = ELOOP;
  } else if (S_ISDIR(found.st_mode)) {
    error = EISDIR;
  } else if (!S_ISREG(found.st_mode)) {
    error = ENXIO;
  }
  if (error == 0) return descriptor;
  ::close(descriptor);
  return -error;
}

// Without any symbolic link. One call, where the kernel has it (5.6) and nobody forbids it.
int open_directly(int root, const std::string& path, Wanted wanted) {
  struct open_how how {};
  how.flags = static_cast<unsigned>(flags_for(wanted));
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return uninterrupted(
      [&] { return ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how)); });
}

// Goes down part by part, and looks at each.
class Walk {
 public:
  explicit Walk(int root) : at_(root) { note(root); }

  // 0 or a negative errno.
  int enter(const std::string& name) {
    if (name.empty() || name == "..") return -EXDEV;
    const int found =
        uninterrupted([&] { return ::openat(at_, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC); });
    if (found < 0) return found;
    auto next = OpenFile::own(found);
    struct stat status {};
    if (::fstat(found, &status) != 0) return -errno;
    if (S_ISLNK(status.st_mode)) {
      const int followed = follow(found, status);
      if (followed < 0) return followed;
      next = OpenFile::own(followed);
    } else if (!S_ISDIR(status.st_mode)) {
      return -ENOTDIR;
    }
    held_ = std::move(next);
    at_ = held_->descriptor();
    return note(at_) ? 0 : -ELOOP;
  }

  int open_last(const std::string& name, Wanted wanted) {
    if (wanted == Wanted::Folder) {
      const int entered = enter(name);
      if (entered < 0) return entered;
      return uninterrupted([&] { return ::openat(at_, ".", flags_for(wanted)); });
    }
    return checked(uninterrupted([&] { return ::openat(at_, name.c_str(), flags_for(wanted)); }),
                   wanted);
  }

 private:
  // What the link leads to, if it may be followed. Its text is read from the very link that was
  // looked at.
  int follow(int link, const struct stat& status) {
    if (followed_ || (status.st_uid != 0 && status.st_uid != ::geteuid())) return -ELOOP;
    followed_ = true;
    char text[PATH_MAX];
    const ssize_t size = ::readlinkat(link, "", text, sizeof(text) - 1);
    if (size < 0) return -errno;
    text[size] = '\0';
    // The one link that may be followed.
    return uninterrupted([&] { return ::openat(at_, text, O_PATH | O_DIRECTORY | O_CLOEXEC); });
  }

  // False when the way has passed this directory already.
  bool note(int directory) {
    struct stat status {};
    if (::fstat(directory, &status) != 0) return false;
    const std::pair<dev_t, ino_t> identity{status.st_dev, status.st_ino};
    if (std::find(passed_.begin(), passed_.end(), identity) != passed_.end()) return false;
    passed_.push_back(identity);
    return true;
  }

  int at_;
  Handle held_;
  bool followed_ = false;
  std::vector<std::pair<dev_t, ino_t>> passed_;
};

int open_step_by_step(int root, std::string_view path, Wanted wanted) {
  Walk walk(root);
  while (true) {
    const auto slash = path.find('/');
    const std::string name(path.substr(0, slash));
    if (slash == std::string_view::npos) return walk.open_last(name, wanted);
    const int entered = walk.enter(name);
    if (entered < 0) return entered;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

int open_beneath(int root, const std::string& path, Wanted wanted) {
  const int direct = checked(open_directly(root, path, wanted), wanted);
  const bool is_answer = direct >= 0 || direct == -ENOENT || direct == -EISDIR ||
                         direct == -ENXIO || direct == -EACCES || direct == -EMFILE ||
                         direct == -ENFILE;
  return is_answer ? direct : open_step_by_step(root, path, wanted);
}

}  // namespace entrepot::file
