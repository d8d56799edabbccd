#include "import/internal/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "file/error.h"
#include "file/open_beneath.h"
#include "import/layout.h"
#include "oci/name.h"

namespace entrepot::import {

using file::open_beneath;
using file::Wanted;
using oci::Digest;

namespace {

constexpr std::size_t kMaxLinkBytes = 256;
// Times beyond it are nobody's: the year 2200 in seconds.
constexpr std::int64_t kLastSecond = 7'258'118'400;

std::string below(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string(name) : fmt::format("{}/{}", folder, name);
}

// `path` from the data directory on.
std::string whole(const std::string& path) {
  return fmt::format("{}/{}{}{}", kRegistryFolder, kRepositories, path.empty() ? "" : "/", path);
}

bool is_odd(int error) { return error == ELOOP || error == ENXIO || error == EISDIR; }

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

WallTime time_of(const struct stat& status) {
  const auto seconds = std::clamp<std::int64_t>(status.st_mtim.tv_sec, 0, kLastSecond);
  const auto since_1970 =
      std::chrono::seconds(seconds) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  return WallTime(std::chrono::duration_cast<std::chrono::microseconds>(since_1970));
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

}  // namespace

std::string layer_link(const std::string& repository, const std::string& digest) {
  return fmt::format("{}/{}/{}/{}", repository, kLayers, with_slash(digest), kLink);
}

std::string revision_link(const std::string& repository, const std::string& digest) {
  return fmt::format("{}/{}/{}/{}", repository, kRevisions, with_slash(digest), kLink);
}

std::string tag_folder(const std::string& repository, const std::string& tag) {
  return fmt::format("{}/{}/{}", repository, kTags, tag);
}

std::string current_link(const std::string& repository, const std::string& tag) {
  return fmt::format("{}/{}/{}", tag_folder(repository, tag), kCurrent, kLink);
}

std::string index_link(const std::string& repository, const std::string& tag,
                       const std::string& digest) {
  return fmt::format("{}/{}/{}/{}", tag_folder(repository, tag), kIndex, with_slash(digest), kLink);
}

Result<Tree> Tree::open(const std::string& data) {
  // A link is the operator's choice: where the directory is that is taken over.
  const int descriptor = ::open(data.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return file::failed(errno, "opening {}", data);
  return Tree(OpenFile::own(descriptor));
}

Result<std::string> Tree::identity() const {
  const int descriptor = open_beneath(data_->descriptor(), whole(""), Wanted::Folder);
  if (descriptor < 0) return file::failed(-descriptor, "opening {}", whole(""));
  const OpenFile folder(descriptor);
  struct statx status {};
  if (::statx(descriptor, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &status) != 0) {
    return file::failed(errno, "looking at {}", whole(""));
  }
  return fmt::format("{}:{}:{}:{}.{:09}", status.stx_dev_major, status.stx_dev_minor,
                     status.stx_ino, status.stx_btime.tv_sec, status.stx_btime.tv_nsec);
}

Result<bool> Tree::is_folder(const std::string& path) const {
  const int descriptor = open_beneath(data_->descriptor(), whole(path), Wanted::Folder);
  if (descriptor >= 0) {
    const OpenFile folder(descriptor);
    return true;
  }
  const bool absent = descriptor == -ENOENT || descriptor == -ENOTDIR || is_odd(-descriptor);
  if (absent) return false;
  return file::failed(-descriptor, "opening {}", path);
}

// The folders in a folder. No folder at all is an empty one.
Result<Listing> Tree::folders_in(const std::string& path) const {
  Listing listing;
  const int descriptor = open_beneath(data_->descriptor(), whole(path), Wanted::Folder);
  if (descriptor == -ENOENT || descriptor == -ENOTDIR) return listing;
  if (is_odd(-descriptor)) {
    ++listing.odd;
    return listing;
  }
  if (descriptor < 0) return file::failed(-descriptor, "reading {}", path);
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(descriptor));
  if (!directory) {
    const int error = errno;
    ::close(descriptor);
    return file::failed(error, "reading {}", path);
  }
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (!entry && errno != 0) return file::failed(errno, "reading {}", path);
    if (!entry) break;
    std::string name(entry->d_name);
    if (name == "." || name == ".." || entry->d_type == DT_REG) continue;
    if (entry->d_type != DT_DIR) {
      TRY_ASSIGN(const bool folder, is_folder(below(path, name)));
      if (!folder) ++listing.odd;
      if (!folder) continue;
    }
    listing.names.push_back(std::move(name));
  }
  std::sort(listing.names.begin(), listing.names.end());
  return listing;
}

// "<algorithm>/<hex>" in a folder, as "<algorithm>:<hex>".
Result<Listing> Tree::digests_in(const std::string& path) const {
  TRY_ASSIGN(const Listing algorithms, folders_in(path));
  Listing digests{{}, algorithms.odd};
  for (const std::string& algorithm : algorithms.names) {
    TRY_ASSIGN(const Listing hexes, folders_in(below(path, algorithm)));
    digests.odd += hexes.odd;
    for (const std::string& hex : hexes.names) {
      digests.names.push_back(fmt::format("{}:{}", algorithm, hex));
    }
  }
  return digests;
}

// No deeper than a valid name can be.
Result<Listing> Tree::repositories(Context& context) const {
  Listing found;
  std::vector<std::string> left = {""};
  while (!left.empty()) {
    TRY(context.alive());
    const std::string name = std::move(left.back());
    left.pop_back();
    TRY_ASSIGN(const Listing folders, folders_in(name));
    found.odd += folders.odd;
    if (!name.empty() && is_repository(folders.names)) found.names.push_back(name);
    for (const std::string& folder : folders.names) {
      if (folder.front() == '_') continue;
      if (name.size() > oci::RepositoryName::kMaxLength) {
        ++found.odd;
      } else {
        left.push_back(below(name, folder));
      }
    }
  }
  std::sort(found.names.begin(), found.names.end());
  return found;
}

Result<Listing> Tree::layers(const std::string& repository) const {
  return digests_in(below(repository, kLayers));
}

Result<Listing> Tree::revisions(const std::string& repository) const {
  return digests_in(below(repository, kRevisions));
}

Result<Listing> Tree::tags(const std::string& repository) const {
  return folders_in(below(repository, kTags));
}

Result<LinkText> Tree::text(const std::string& path) const {
  const int descriptor = open_beneath(data_->descriptor(), whole(path), Wanted::File);
  if (descriptor < 0) return file::failed(-descriptor, "opening {}", path);
  const OpenFile file(descriptor);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return file::failed(errno, "reading {}", path);
  std::string text(kMaxLinkBytes, '\0');
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  if (size < 0) return file::failed(errno, "reading {}", path);
  text.resize(static_cast<std::size_t>(size));
  return LinkText{std::move(text), time_of(status)};
}

Result<LinkFile> Tree::read_link(const std::string& path) const {
  TRY_ASSIGN(const LinkText link, text(path));
  std::string_view printed = link.text;
  while (!printed.empty() && (printed.back() == '\n' || printed.back() == ' ')) {
    printed.remove_suffix(1);
  }
  const auto digest = Digest::parse(printed);
  if (!digest) return fail(ErrorCode::Corrupt, "{}: {}", path, digest.error().message);
  return LinkFile{*digest, link.written_at};
}

Result<LinkFile> Tree::layer(const std::string& repository, const std::string& digest) const {
  return read_link(layer_link(repository, digest));
}

Result<LinkFile> Tree::revision(const std::string& repository, const std::string& digest) const {
  return read_link(revision_link(repository, digest));
}

Result<bool> Tree::has_revision(const std::string& repository, const std::string& digest) const {
  return is_folder(fmt::format("{}/{}/{}", repository, kRevisions, with_slash(digest)));
}

Result<TagFolder> Tree::tag(const std::string& repository, const std::string& tag) const {
  TRY_ASSIGN(const LinkFile current, read_link(current_link(repository, tag)));
  TagFolder found{current, {}};
  TRY_ASSIGN(const Listing digests,
             digests_in(fmt::format("{}/{}", tag_folder(repository, tag), kIndex)));
  for (const std::string& digest : digests.names) {
    const auto link = read_link(index_link(repository, tag, digest));
    if (!link && link.error().code == ErrorCode::Unavailable) return Failure(link.error());
    if (link && link->target != current.target) found.before.push_back(*link);
  }
  std::sort(found.before.begin(), found.before.end(),
            [](const LinkFile& a, const LinkFile& b) { return a.written_at < b.written_at; });
  return found;
}

// As deep as the layout is, which leaves room for names with slashes.
Result<std::vector<std::string>> Tree::link_files(Context& context,
                                                  const std::string& folder) const {
  constexpr std::size_t kDeepest = 8;
  std::vector<std::string> found;
  std::vector<std::pair<std::string, std::size_t>> left = {{folder, 0}};
  while (!left.empty()) {
    TRY(context.alive());
    const auto [path, depth] = std::move(left.back());
    left.pop_back();
    const auto link = text(below(path, kLink));
    if (link) found.push_back(below(path, kLink));
    if (!link && link.error().code == ErrorCode::Unavailable) return Failure(link.error());
    if (depth == kDeepest) continue;
    TRY_ASSIGN(const Listing folders, folders_in(path));
    for (const std::string& name : folders.names) left.emplace_back(below(path, name), depth + 1);
  }
  return found;
}

Result<Source> Tree::blob(const Digest& digest) const {
  const std::string path = blob_path(digest);
  const int descriptor = open_beneath(data_->descriptor(), path, Wanted::File);
  if (descriptor < 0) return file::failed(-descriptor, "opening {}", path);
  auto file = OpenFile::own(descriptor);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return file::failed(errno, "reading {}", path);
  return Source(FileRange{std::move(file), {0, static_cast<std::uint64_t>(status.st_size)}});
}

}  // namespace entrepot::import
