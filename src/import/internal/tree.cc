#include "import/internal/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>

#include "import/internal/files.h"
#include "import/layout.h"
#include "oci/name.h"

namespace entrepot::import {

using oci::Digest;

namespace {

constexpr std::size_t kMaxLinkBytes = 256;

std::string below(const std::string& folder, const std::string& name) {
  return fmt::format("{}/{}", folder, name);
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Calls `visit` with the name of each folder in `path`. No folder at all is an empty one.
Result<void> for_each_folder(const std::string& path,
                             const std::function<Result<void>(const std::string&)>& visit) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
  if (!directory) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    return failed("reading", path, errno);
  }
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (!entry && errno != 0) return failed("reading", path, errno);
    if (!entry) return {};
    const std::string name(entry->d_name);
    if (name == "." || name == "..") continue;
    if (entry->d_type != DT_DIR) {
      struct stat status {};
      const bool linked = entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK;
      if (!linked || ::stat(below(path, name).c_str(), &status) != 0) continue;
      if (!S_ISDIR(status.st_mode)) continue;
    }
    TRY(visit(name));
  }
}

Result<std::vector<std::string>> folders_in(const std::string& path) {
  std::vector<std::string> names;
  TRY(for_each_folder(path, [&](const std::string& name) -> Result<void> {
    names.push_back(name);
    return {};
  }));
  std::sort(names.begin(), names.end());
  return names;
}

// "<algorithm>/<hex>" below `path`, as "<algorithm>:<hex>".
Result<std::vector<std::string>> digests_in(const std::string& path) {
  std::vector<std::string> digests;
  TRY_ASSIGN(const auto algorithms, folders_in(path));
  for (const std::string& algorithm : algorithms) {
    TRY_ASSIGN(const auto hexes, folders_in(below(path, algorithm)));
    for (const std::string& hex : hexes) digests.push_back(fmt::format("{}:{}", algorithm, hex));
  }
  return digests;
}

WallTime time_of(const struct stat& status) {
  const auto since_1970 = std::chrono::seconds(status.st_mtim.tv_sec) +
                          std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  return WallTime(std::chrono::duration_cast<std::chrono::microseconds>(since_1970));
}

Result<LinkFile> read_link(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failed("opening", path, errno);
  const OpenFile file(descriptor);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return failed("reading", path, errno);
  char text[kMaxLinkBytes];
  const ssize_t size = ::read(descriptor, text, sizeof(text));
  if (size < 0) return failed("reading", path, errno);
  std::string_view printed(text, static_cast<std::size_t>(size));
  while (!printed.empty() && (printed.back() == '\n' || printed.back() == ' ')) {
    printed.remove_suffix(1);
  }
  const auto digest = Digest::parse(printed);
  if (!digest) return fail(ErrorCode::Corrupt, "{}: {}", path, digest.error().message);
  return LinkFile{*digest, time_of(status)};
}

std::string with_slash(std::string digest) {
  std::replace(digest.begin(), digest.end(), ':', '/');
  return digest;
}

bool is_repository(const std::vector<std::string>& folders) {
  return std::any_of(folders.begin(), folders.end(), [](const std::string& name) {
    return name == "_layers" || name == "_manifests";
  });
}

// No deeper than a valid name can be, which also ends a loop of symbolic links.
Result<void> find_repositories(const std::string& directory, const std::string& name,
                               std::vector<std::string>& found) {
  TRY_ASSIGN(const auto folders, folders_in(name.empty() ? directory : below(directory, name)));
  if (!name.empty() && is_repository(folders)) found.push_back(name);
  if (name.size() > oci::RepositoryName::kMaxLength) return {};
  for (const std::string& folder : folders) {
    if (folder.front() == '_') continue;
    TRY(find_repositories(directory, name.empty() ? folder : below(name, folder), found));
  }
  return {};
}

}  // namespace

Tree::Tree(std::string data)
    : data_(std::move(data)),
      directory_(fmt::format("{}/{}/{}", data_, kRegistryFolder, kRepositories)) {}

std::string Tree::folder(const std::string& repository, std::string_view below) const {
  return fmt::format("{}/{}/{}", directory_, repository, below);
}

Result<std::string> Tree::identity() const {
  struct statx status {};
  if (::statx(AT_FDCWD, directory_.c_str(), 0, STATX_INO | STATX_BTIME, &status) != 0) {
    return failed("looking at", directory_, errno);
  }
  return fmt::format("{}:{}:{}:{}.{:09}", status.stx_dev_major, status.stx_dev_minor,
                     status.stx_ino, status.stx_btime.tv_sec, status.stx_btime.tv_nsec);
}

Result<std::vector<std::string>> Tree::repositories() const {
  std::vector<std::string> found;
  TRY(find_repositories(directory_, "", found));
  std::sort(found.begin(), found.end());
  return found;
}

Result<std::vector<std::string>> Tree::layers(const std::string& repository) const {
  return digests_in(folder(repository, kLayers));
}

Result<std::vector<std::string>> Tree::revisions(const std::string& repository) const {
  return digests_in(folder(repository, kRevisions));
}

Result<std::vector<std::string>> Tree::tags(const std::string& repository) const {
  return folders_in(folder(repository, kTags));
}

Result<LinkFile> Tree::layer(const std::string& repository, const std::string& digest) const {
  return read_link(fmt::format("{}/{}/{}", folder(repository, kLayers), with_slash(digest), kLink));
}

Result<LinkFile> Tree::revision(const std::string& repository, const std::string& digest) const {
  return read_link(
      fmt::format("{}/{}/{}", folder(repository, kRevisions), with_slash(digest), kLink));
}

Result<TagFolder> Tree::tag(const std::string& repository, const std::string& tag) const {
  const std::string here = fmt::format("{}/{}", folder(repository, kTags), tag);
  TRY_ASSIGN(const LinkFile current, read_link(fmt::format("{}/{}/{}", here, kCurrent, kLink)));
  TagFolder found{current, {}};
  const std::string index = fmt::format("{}/{}", here, kIndex);
  TRY_ASSIGN(const auto digests, digests_in(index));
  for (const std::string& digest : digests) {
    const auto link = read_link(fmt::format("{}/{}/{}", index, with_slash(digest), kLink));
    if (!link && link.error().code == ErrorCode::Unavailable) return Failure(link.error());
    if (link && link->target != current.target) found.before.push_back(*link);
  }
  std::sort(found.before.begin(), found.before.end(),
            [](const LinkFile& a, const LinkFile& b) { return a.written_at < b.written_at; });
  return found;
}

Result<Source> Tree::blob(const Digest& digest) const {
  const std::string path = fmt::format("{}/{}", data_, blob_path(digest));
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failed("opening", path, errno);
  auto file = std::make_shared<const OpenFile>(descriptor);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return failed("reading", path, errno);
  return Source(FileRange{std::move(file), {0, static_cast<std::uint64_t>(status.st_size)}});
}

}  // namespace entrepot::import
