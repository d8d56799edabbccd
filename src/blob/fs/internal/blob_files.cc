#include "blob/fs/internal/blob_files.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "blob/fs/internal/layout.h"

namespace entrepot::blob::fs {

namespace {

// Something else took the directories away between two of our steps; more than a few times in a row
// is no coincidence.
constexpr int kAttempts = 8;

std::size_t prefix_of(const Digest& digest) {
  return static_cast<unsigned char>(digest.hash().front());
}

bool failed_with(const Result<void>& result, ErrorCode code) {
  return !result && result.error().code == code;
}

Failure not_a_file(const Digest& digest) {
  return fail(ErrorCode::NotFound, "{} is not a file", digest.to_string());
}

// Whatever else has the place of the file or of its directory: the blob is not there.
Failure not_a_blob(const Digest& digest, Error error) {
  if (error.code == ErrorCode::Conflict) return not_a_file(digest);
  return Failure(std::move(error));
}

}  // namespace

Result<void> make_durable_directories(Files& files, std::string_view path) {
  std::string parent = ".";
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = path.find('/', end + 1);
    const std::string directory(path.substr(0, end));
    TRY(files.make_directory(directory));
    TRY(files.sync_directory(parent));
    parent = directory;
  }
  return {};
}

Result<void> BlobFiles::prepare() {
  TRY(make_durable_directories(files_, layout::kBlobs));
  return make_durable_directories(files_, layout::kQuarantine);
}

Result<void> BlobFiles::place(const std::string& from, const Digest& digest) {
  TRY(folders_.require_all());
  TRY(folders_.answer(rename_into_place(from, digest), "the upload's bytes are gone"));
  // The new directory and the new name are synced one after the other, so a journalling file system
  // writes both with the first. A directory that is gone by now was removed after our rename, and
  // that removal makes itself durable.
  TRY(if_there(files_.sync_directory(layout::blob_directory(digest))));
  TRY(if_there(files_.sync_directory(layout::prefix_directory(digest.hex()))));
  return {};
}

Result<void> BlobFiles::rename_into_place(const std::string& from, const Digest& digest) {
  const std::string to = layout::blob_file(digest);
  for (int attempt = 1;; ++attempt) {
    TRY(ensure_prefix(digest));
    auto made = files_.make_directory(layout::blob_directory(digest));
    Result<void> result = {};
    if (made) {
      result = files_.rename(from, to);
    } else {
      result = propagate(std::move(made));
    }
    if (result || attempt == kAttempts) return result;
    if (failed_with(result, ErrorCode::NotFound)) {
      prefix_is_durable_[prefix_of(digest)] = false;
    } else if (failed_with(result, ErrorCode::Conflict)) {
      TRY(if_there(set_aside(digest)));  // a directory where the blob belongs
    } else {
      return result;
    }
  }
}

Result<void> BlobFiles::ensure_prefix(const Digest& digest) {
  auto& is_durable = prefix_is_durable_[prefix_of(digest)];
  if (is_durable) return {};
  TRY(files_.make_directory(layout::prefix_directory(digest.hex())));
  TRY(files_.sync_directory(std::string(layout::kBlobs)));
  is_durable = true;
  return {};
}

Result<Stat> BlobFiles::stat(const Digest& digest) const {
  auto found = files_.stat(layout::blob_file(digest));
  if (!found) return not_a_blob(digest, std::move(found).error());
  if (!found->regular) return not_a_file(digest);
  return Stat{found->size_bytes};
}

Result<Source> BlobFiles::open(const Digest& digest) const {
  auto file = files_.open_to_serve(layout::blob_file(digest));
  if (!file) return not_a_blob(digest, std::move(file).error());
  TRY_ASSIGN(const FileStat found, files_.stat(**file));
  if (!found.regular) return not_a_file(digest);
  return Source(FileRange{*std::move(file), ByteRange{0, found.size_bytes}});
}

Result<void> BlobFiles::remove(const Digest& digest) {
  auto removed = files_.remove(layout::blob_file(digest));
  if (failed_with(removed, ErrorCode::Conflict)) removed = set_aside(digest);
  TRY(if_there(removed));
  // Also when it was gone: an earlier removal may have failed half way.
  TRY(drop_empty_directory(digest));
  return removed;
}

Result<void> BlobFiles::quarantine(const Digest& digest) {
  TRY(set_aside(digest));
  return drop_empty_directory(digest);
}

// A file is as old as its name says: the file system's times are those of the blob.
Result<void> BlobFiles::purge_quarantine(Context& context, const PurgeTerms& terms,
                                         Purged& purged) {
  struct Aside {
    WallTime at;
    std::string path;
    std::uint64_t size_bytes;
  };
  std::vector<Aside> files;
  // Whoever takes the whole folder away has purged it; it is made again when it is needed.
  TRY_ASSIGN(const auto names, if_there(files_.list(std::string(layout::kQuarantine))));
  if (!names) return {};
  for (const std::string& name : *names) {
    const auto at = layout::parse_quarantine_name(name);
    if (!at) continue;
    TRY(context.alive());
    Aside aside{*at, fmt::format("{}/{}", layout::kQuarantine, name), 0};
    if (const auto found = files_.stat(aside.path); found && found->regular) {
      aside.size_bytes = found->size_bytes;
    }
    purged.quarantine_bytes_left += aside.size_bytes;
    files.push_back(std::move(aside));
  }
  purged.quarantine_files_left = files.size();
  std::sort(files.begin(), files.end(),
            [](const Aside& one, const Aside& other) { return one.at < other.at; });
  for (const Aside& aside : files) {
    const bool old = terms.quarantine_before && aside.at < *terms.quarantine_before;
    const bool over =
        terms.most_quarantine_bytes && purged.quarantine_bytes_left > *terms.most_quarantine_bytes;
    if (!old && !over) break;
    auto removed = files_.remove(aside.path);
    // A directory that stood where a blob belongs. What is in it is nobody's of us: it stays.
    if (failed_with(removed, ErrorCode::Conflict)) {
      removed = files_.remove_empty_directory(aside.path);
      if (!removed) continue;
    }
    TRY(if_there(removed));
    ++purged.quarantined;
    --purged.quarantine_files_left;
    purged.quarantine_bytes_left -= aside.size_bytes;
  }
  return {};
}

// Whatever has the blob's name becomes a file of the quarantine, durably there.
Result<void> BlobFiles::set_aside(const Digest& digest) {
  const std::string from = layout::blob_file(digest);
  const std::string to = layout::quarantine_file(digest, clock_.wall());
  auto renamed = files_.rename(from, to);
  if (failed_with(renamed, ErrorCode::NotFound)) {
    // Either of the two is not there; only one of them can be made.
    TRY(make_durable_directories(files_, layout::kQuarantine));
    renamed = files_.rename(from, to);
  }
  if (!renamed) return renamed;
  return files_.sync_directory(std::string(layout::kQuarantine));
}

// Makes it durable that the blob's name is gone.
Result<void> BlobFiles::drop_empty_directory(const Digest& digest) {
  const std::string directory = layout::blob_directory(digest);
  const auto dropped = files_.remove_empty_directory(directory);
  // Kept, perhaps because somebody is committing the same digest: then it is this one that changed.
  if (!dropped) TRY(if_there(files_.sync_directory(directory)));
  TRY(if_there(files_.sync_directory(layout::prefix_directory(digest.hex()))));
  return {};
}

Result<void> BlobFiles::list(Context& context, const std::optional<Digest>& after,
                             const BlobStore::Visitor& visit) const {
  for (std::size_t prefix = after ? prefix_of(*after) : 0; prefix < 256; ++prefix) {
    TRY_ASSIGN(const bool go_on, list_prefix(context, prefix, after, visit));
    if (!go_on) break;
  }
  return {};
}

Result<bool> BlobFiles::list_prefix(Context& context, std::size_t prefix,
                                    const std::optional<Digest>& after,
                                    const BlobStore::Visitor& visit) const {
  const std::string hex = fmt::format("{:02x}", prefix);
  auto names = files_.list(layout::prefix_directory(hex));
  if (!names) {
    const bool no_directory =
        names.error().code == ErrorCode::NotFound || names.error().code == ErrorCode::Conflict;
    if (no_directory) return true;
    return propagate(std::move(names));
  }
  for (const std::string& name : *names) {
    const auto digest = layout::parse_blob_name(name);
    if (!digest || !name.starts_with(hex) || (after && *digest <= *after)) continue;
    TRY(context.alive());
    auto found = stat(*digest);
    if (!found && found.error().code == ErrorCode::Unavailable) return propagate(std::move(found));
    if (found && !visit(Stored{*digest, found->size_bytes})) return false;
  }
  return true;
}

}  // namespace entrepot::blob::fs
