#include "import/internal/layout_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include "file/error.h"
#include "file/write.h"
#include "import/layout.h"

namespace entrepot::import {

namespace fs = std::filesystem;
using oci::Digest;
using oci::RepositoryName;

namespace {

constexpr std::size_t kPiece = 1u << 20;
constexpr mode_t kMode = 0644;
constexpr int kNewFile = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

std::string registry_folder(const std::string& target) {
  return fmt::format("{}/{}", target, kRegistryFolder);
}

Result<void> make_folders(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return file::failed(error.value(), "making {}", path);
  return {};
}

Result<std::shared_ptr<const OpenFile>> create(const std::string& path) {
  const int descriptor = ::open(path.c_str(), kNewFile, kMode);
  if (descriptor < 0) return file::failed(errno, "making {}", path);
  return OpenFile::own(descriptor);
}

bool has_size(const std::string& path, std::uint64_t size_bytes) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         static_cast<std::uint64_t>(status.st_size) == size_bytes;
}

bool link_hard(const FileRange& file, const std::string& path) {
  const std::string open_file = fmt::format("/proc/self/fd/{}", file.file->descriptor());
  return ::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

Result<void> copy(Context& context, Source& bytes, const std::string& path) {
  TRY_ASSIGN(const auto file, create(path));
  std::vector<char> buffer(kPiece);
  std::uint64_t offset = 0;
  while (true) {
    TRY(context.alive());
    TRY_ASSIGN(const std::size_t size, read_some(context, bytes, offset, buffer));
    if (size == 0) return {};
    TRY(file::write_all(file->descriptor(), {buffer.data(), size}, path));
    offset += size;
  }
}

}  // namespace

Result<LayoutWriter> LayoutWriter::begin(std::string target) {
  LayoutWriter writer(std::move(target));
  const std::string final_folder =
      fmt::format("{}/{}", registry_folder(writer.target_), kRepositories);
  std::error_code error;
  if (fs::exists(final_folder, error)) {
    return fail(ErrorCode::AlreadyExists, "{} is there already", final_folder);
  }
  fs::remove_all(writer.hidden_folder(), error);
  if (error) return file::failed(error.value(), "removing {}", writer.hidden_folder());
  TRY(make_folders(writer.hidden_folder()));
  return writer;
}

std::string LayoutWriter::hidden_folder() const {
  return fmt::format("{}/{}", registry_folder(target_), kUnfinished);
}

Result<void> LayoutWriter::write_link(const std::string& path, std::string_view text, WallTime at) {
  const std::string whole = fmt::format("{}/{}", hidden_folder(), path);
  TRY(make_folders(fs::path(whole).parent_path()));
  TRY_ASSIGN(const auto file, create(whole));
  TRY(file::write_all(file->descriptor(), text, whole));
  const auto since_1970 = at.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_1970);
  const timespec time{seconds.count(), std::chrono::nanoseconds(since_1970 - seconds).count()};
  const timespec times[] = {time, time};
  if (::futimens(file->descriptor(), times) != 0) return file::failed(errno, "dating {}", whole);
  return {};
}

Result<void> LayoutWriter::link(const RepositoryName& repository, const std::string& folder,
                                const Digest& digest, WallTime at) {
  return write_link(fmt::format("{}/{}/{}", repository.str(), folder, kLink), digest.to_string(),
                    at);
}

Result<bool> LayoutWriter::left_out(const LeftOut& left_out) {
  struct stat status {};
  const std::string whole = fmt::format("{}/{}", hidden_folder(), left_out.path);
  if (::lstat(whole.c_str(), &status) == 0) return false;
  TRY(write_link(left_out.path, left_out.text, left_out.at));
  return true;
}

Result<void> LayoutWriter::repository(const RepositoryName& repository) {
  return make_folders(fmt::format("{}/{}/{}", hidden_folder(), repository.str(), kLayers));
}

Result<void> LayoutWriter::layer(const RepositoryName& repository, const Digest& named,
                                 const Digest& stored, WallTime at) {
  return link(repository, fmt::format("{}/{}", kLayers, digest_folder(named)), stored, at);
}

Result<void> LayoutWriter::revision(const RepositoryName& repository, const Digest& digest,
                                    WallTime at) {
  return link(repository, fmt::format("{}/{}", kRevisions, digest_folder(digest)), digest, at);
}

Result<void> LayoutWriter::tag_before(const RepositoryName& repository, const oci::Tag& tag,
                                      const Digest& digest, WallTime at) {
  return link(repository,
              fmt::format("{}/{}/{}/{}", kTags, tag.str(), kIndex, digest_folder(digest)), digest,
              at);
}

Result<void> LayoutWriter::tag(const RepositoryName& repository, const oci::Tag& tag,
                               const Digest& digest, WallTime at) {
  TRY(tag_before(repository, tag, digest, at));
  return link(repository, fmt::format("{}/{}/{}", kTags, tag.str(), kCurrent), digest, at);
}

Result<std::uint64_t> LayoutWriter::blob(Context& context, const Digest& digest, Source& bytes) {
  const std::string path = fmt::format("{}/{}", target_, blob_path(digest));
  const std::uint64_t size_bytes = bytes.size_bytes();
  if (has_size(path, size_bytes)) return 0;
  TRY(make_folders(fs::path(path).parent_path()));
  const std::string unfinished = path + ".exporting";
  ::unlink(unfinished.c_str());
  const bool linked = bytes.file() && link_hard(*bytes.file(), unfinished);
  if (!linked) TRY(copy(context, bytes, unfinished));
  if (::rename(unfinished.c_str(), path.c_str()) != 0) {
    return file::failed(errno, "renaming {}", unfinished);
  }
  return linked ? 0 : size_bytes;
}

// One sync of everything, where one for each of a million links would take hours.
Result<void> LayoutWriter::finish() {
  const std::string folder = registry_folder(target_);
  // Through a link, too: what was written came there the same way.
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return file::failed(errno, "opening {}", folder);
  const OpenFile open(descriptor);
  if (::syncfs(descriptor) != 0) return file::failed(errno, "syncing {}", folder);
  const std::string final_folder = fmt::format("{}/{}", folder, kRepositories);
  if (::rename(hidden_folder().c_str(), final_folder.c_str()) != 0) {
    return file::failed(errno, "renaming {}", hidden_folder());
  }
  return file::sync_directory(folder);
}

}  // namespace entrepot::import
