#include "blob/fs/store.h"

#include <utility>

#include "blob/fs/internal/blob_files.h"
#include "blob/fs/internal/disk.h"
#include "blob/fs/internal/files.h"
#include "blob/fs/internal/folders.h"
#include "blob/fs/internal/layout.h"
#include "blob/fs/internal/reserve.h"
#include "blob/fs/internal/sessions.h"

namespace entrepot::blob::fs {

namespace {

Result<void> require_sha256(const Digest& digest) {
  if (digest.algorithm() == HashAlgorithm::Sha256) return {};
  return fail(ErrorCode::InvalidArgument, "blobs are named by their sha256, not {}",
              digest.to_string());
}

std::string no_blob(const Digest& digest) { return "no blob " + digest.to_string(); }
std::string no_upload(const UploadId& id) { return "no upload " + id.str(); }

// What differs from one start of the machine to the next. Where the kernel does not tell, each
// opening counts as one: uploads are then read again, which is slow but right.
std::string read_boot_id() {
  constexpr std::size_t kLimitBytes = 64;
  auto root = open_root("/proc/sys/kernel/random");
  if (root) {
    PosixDisk disk(*root);
    auto text = Files(*root, disk).read_small("boot_id", kLimitBytes);
    if (text && text->ends_with('\n')) return text->substr(0, text->size() - 1);
  }
  return UploadId::random().str();
}

}  // namespace

struct FsBlobStore::Parts {
  Parts(const Options& options, const std::shared_ptr<const OpenFile>& root)
      : real_disk(root),
        files(root, options.disk != nullptr ? *options.disk : real_disk),
        reserve(files, *options.clock, options.reserve_bytes),
        folders(files),
        blobs(files, folders, *options.clock),
        sessions(UploadSettings{files, blobs, long_reads, *options.clock,
                                options.boot_id.empty() ? read_boot_id() : options.boot_id,
                                options.writeback_step_bytes},
                 reserve) {}

  PosixDisk real_disk;
  Files files;
  Reserve reserve;
  Folders folders;
  BlobFiles blobs;
  LongReads long_reads;
  Sessions sessions;
};

FsBlobStore::FsBlobStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

FsBlobStore::~FsBlobStore() = default;

Result<std::unique_ptr<FsBlobStore>> FsBlobStore::open(const Options& options) {
  TRY_ASSIGN(const auto root, open_root(options.directory));
  auto parts = std::make_unique<Parts>(options, root);
  TRY(parts->blobs.prepare());
  TRY(parts->sessions.prepare());
  TRY(parts->folders.remember());
  parts->reserve.prepare();
  return std::unique_ptr<FsBlobStore>(new FsBlobStore(std::move(parts)));
}

Result<Stat> FsBlobStore::stat(Context&, const Digest& digest) {
  TRY(require_sha256(digest));
  return parts_->folders.answer_about_blobs(parts_->blobs.stat(digest), no_blob(digest));
}

Result<Source> FsBlobStore::open(Context&, const Digest& digest) {
  TRY(require_sha256(digest));
  return parts_->folders.answer_about_blobs(parts_->blobs.open(digest), no_blob(digest));
}

Result<std::unique_ptr<Upload>> FsBlobStore::start(Context&, const UploadId& id,
                                                   HashAlgorithm also) {
  return parts_->folders.answer(parts_->sessions.start(id, also), no_upload(id));
}

Result<std::unique_ptr<Upload>> FsBlobStore::resume(Context& context, const UploadId& id) {
  return parts_->folders.answer(parts_->sessions.resume(context, id), no_upload(id));
}

Result<std::uint64_t> FsBlobStore::upload_offset(Context& context, const UploadId& id) {
  return parts_->folders.answer(parts_->sessions.offset(context, id), no_upload(id));
}

Result<void> FsBlobStore::cancel(Context&, const UploadId& id) {
  return parts_->folders.answer(parts_->sessions.cancel(id), no_upload(id));
}

Result<void> FsBlobStore::remove(Context&, const Digest& digest) {
  TRY(require_sha256(digest));
  return parts_->folders.answer_about_blobs(parts_->blobs.remove(digest), no_blob(digest));
}

Result<void> FsBlobStore::quarantine(Context&, const Digest& digest) {
  TRY(require_sha256(digest));
  return parts_->folders.answer_about_blobs(parts_->blobs.quarantine(digest), no_blob(digest));
}

Result<void> FsBlobStore::list(Context& context, const std::optional<Digest>& after,
                               const Visitor& visit) {
  if (after) TRY(require_sha256(*after));
  TRY(parts_->folders.require_blobs());
  TRY(parts_->blobs.list(context, after, visit));
  return parts_->folders.require_blobs();
}

Result<Purged> FsBlobStore::purge(Context& context, const PurgeTerms& terms) {
  Purged purged;
  TRY(parts_->folders.answer(parts_->sessions.purge(context, terms, purged), "no uploads"));
  TRY(parts_->blobs.purge_quarantine(context, terms, purged));
  return purged;
}

Result<void> FsBlobStore::check_writable(Context&) {
  TRY(parts_->folders.require_all());
  TRY(parts_->reserve.require());
  Files& files = parts_->files;
  // Looks like an upload, so that the purge takes it away if we do not come to that.
  const std::string path = layout::upload_file(UploadId::random());
  auto probed = [&]() -> Result<void> {
    TRY_ASSIGN(const FileHandle file, files.create(path));
    TRY(files.write(*file, "entrepot can write here\n", 0));
    return files.sync_data(*file);
  }();
  auto removed = files.remove(path);
  if (probed) return removed;
  if (probed.error().code == ErrorCode::StorageFull) disk_is_full();
  return probed;
}

Result<void> FsBlobStore::require_room(Context&) {
  TRY(parts_->folders.require_all());
  return parts_->reserve.require();
}

Result<void> FsBlobStore::require_present() const { return parts_->folders.require_blobs(); }

void FsBlobStore::disk_is_full() { parts_->reserve.give_up(); }

}  // namespace entrepot::blob::fs
