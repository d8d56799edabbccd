#include "blob/fs/internal/upload_file.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "blob/fs/internal/layout.h"

namespace entrepot::blob::fs {

namespace {

constexpr std::size_t kReadBytes = std::size_t{256} * 1024;

// A piece is written and hashed in slices, each still in the processor's cache when it is hashed.
// Writes of more than that are slower, too: with pieces of 1 MiB and no slices a push of 100 MiB
// took twice the system time and reached 400 MiB/s instead of 1,100 (kernel 6.18, ext4, one
// client).
constexpr std::size_t kSliceBytes = std::size_t{64} * 1024;

// The state that the session was put away with, if the file still has so many bytes.
// A disk that cannot read it now says nothing about it.
Result<std::optional<UploadState>> load_state(const UploadSettings& settings, const UploadId& id,
                                              std::uint64_t size_bytes) {
  auto bytes = settings.files.read_small(layout::upload_state_file(id), kUploadStateLimitBytes);
  if (!bytes && bytes.error().code == ErrorCode::Unavailable) return propagate(std::move(bytes));
  if (!bytes) return std::nullopt;
  auto state = decode_upload_state(*bytes);
  if (!state || state->offset_bytes > size_bytes) return std::nullopt;
  return std::optional(*std::move(state));
}

// Hands the bytes of the file to `take`, piece by piece.
Result<void> read_through(Context& context, const UploadFile::Reading& reading,
                          const std::function<Result<void>(ByteView)>& take) {
  const std::uint64_t size_bytes = reading.size_bytes;
  TRY_ASSIGN(const auto turn, reading.turns.begin(context, size_bytes));
  std::vector<char> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(size_bytes, kReadBytes)));
  for (std::uint64_t done = 0; done < size_bytes;) {
    TRY(context.alive());
    const std::uint64_t wanted = std::min<std::uint64_t>(size_bytes - done, buffer.size());
    TRY_ASSIGN(const std::size_t got,
               reading.files.read(*reading.file,
                                  std::span(buffer).first(static_cast<std::size_t>(wanted)), done));
    if (got == 0) return fail(ErrorCode::Unavailable, "an upload's file became shorter");
    TRY(take(ByteView(buffer.data(), got)));
    done += got;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<UploadFile>> UploadFile::create(const UploadSettings& settings,
                                                       const UploadId& id, HashAlgorithm also) {
  const std::string path = layout::upload_file(id);
  auto file = settings.files.create(path);
  if (!file && file.error().code == ErrorCode::AlreadyExists) {
    TRY(remove(settings, id));
    file = settings.files.create(path);
  }
  if (!file) return propagate(std::move(file));
  return std::unique_ptr<UploadFile>(new UploadFile(settings, id, *std::move(file), also));
}

Result<std::unique_ptr<UploadFile>> UploadFile::open(Context& context,
                                                     const UploadSettings& settings,
                                                     const UploadId& id,
                                                     std::atomic<bool>& is_read) {
  TRY_ASSIGN(FileHandle file, settings.files.open_to_write(layout::upload_file(id)));
  TRY_ASSIGN(const FileStat found, settings.files.stat(*file));
  TRY_ASSIGN(auto state, load_state(settings, id, found.size_bytes));
  const HashAlgorithm also = state ? state->hashes.also() : HashAlgorithm::Sha256;
  auto upload = std::unique_ptr<UploadFile>(new UploadFile(settings, id, std::move(file), also));
  if (state && state->boot_id != settings.boot_id) {
    is_read = true;
    const auto intact = upload->holds(context, *state);
    is_read = false;
    if (!intact) return Failure(intact.error());
    if (!*intact) state.reset();
  }
  if (!state) state = UploadState{settings.boot_id, 0, RunningHashes(also)};
  TRY(upload->go_on(*std::move(state), found.size_bytes));
  // Whether it can be read or not, there may be one.
  upload->has_state_file_ = true;
  return upload;
}

// Are the bytes before the state's offset those that were hashed?
Result<bool> UploadFile::holds(Context& context, const UploadState& state) const {
  RunningHashes hashes;
  const Reading reading{settings_.files, settings_.long_reads, file_, state.offset_bytes};
  TRY(read_through(context, reading, [&](ByteView piece) -> Result<void> {
    hashes.update(piece);
    return {};
  }));
  return hashes.sha256() == state.hashes.sha256();
}

Result<void> UploadFile::go_on(UploadState state, std::uint64_t size_bytes) {
  if (state.offset_bytes < size_bytes) TRY(settings_.files.truncate(*file_, state.offset_bytes));
  hashes_ = std::move(state.hashes);
  offset_bytes_ = writeback_started_bytes_ = state.offset_bytes;
  return {};
}

Result<std::optional<std::uint64_t>> UploadFile::offset_on_disk(const UploadSettings& settings,
                                                                const UploadId& id) {
  TRY_ASSIGN(const FileStat found, settings.files.stat(layout::upload_file(id)));
  TRY_ASSIGN(const auto state, load_state(settings, id, found.size_bytes));
  if (!state) return 0;
  if (state->boot_id != settings.boot_id) return std::nullopt;
  return state->offset_bytes;
}

Result<void> UploadFile::remove(const UploadSettings& settings, const UploadId& id) {
  const std::string state_file = layout::upload_state_file(id);
  for (const std::string& path : {state_file + ".new", state_file}) {
    TRY(if_there(settings.files.remove(path)));
  }
  return settings.files.remove(layout::upload_file(id));
}

Result<void> UploadFile::append(ByteView piece) {
  while (!piece.empty()) {
    const ByteView slice = piece.substr(0, kSliceBytes);
    TRY(settings_.files.write(*file_, slice, offset_bytes_));
    hashes_.update(slice);
    offset_bytes_ += slice.size();
    piece.remove_prefix(slice.size());
  }
  return start_writeback();
}

// The disk begins with what is complete, so that little is left to wait for in publish().
Result<void> UploadFile::start_writeback() {
  const std::uint64_t step = settings_.writeback_step_bytes;
  if (step == 0 || offset_bytes_ - writeback_started_bytes_ < step) return {};
  const std::uint64_t end = offset_bytes_ - offset_bytes_ % step;
  const ByteRange range{writeback_started_bytes_, end - writeback_started_bytes_};
  writeback_started_bytes_ = end;
  return settings_.files.start_writeback(*file_, range);
}

Result<void> UploadFile::go_back(Progress to) {
  return go_on({settings_.boot_id, to.offset_bytes, std::move(to.hashes)}, offset_bytes_);
}

UploadState UploadFile::state() const { return {settings_.boot_id, offset_bytes_, hashes_}; }

Result<void> UploadFile::save() {
  has_state_file_ = true;
  return settings_.files.replace(layout::upload_state_file(id_), encode(state()));
}

// Without it the kernel's time stays, which is right but for a jump.
void UploadFile::stamp() {
  const auto stamped = settings_.files.set_modified(*file_, settings_.clock.wall());
  if (!stamped) log::debug("upload {} keeps the kernel's time: {}", id_.str(), stamped.error());
}

UploadFile::Reading UploadFile::reading() const {
  return {settings_.files, settings_.long_reads, file_, offset_bytes_};
}

Result<Digest> UploadFile::Reading::run(Context& context, HashAlgorithm algorithm,
                                        const GoOn& go_on) const {
  crypto::Hasher hasher(algorithm);
  TRY(read_through(context, *this, [&](ByteView piece) -> Result<void> {
    hasher.update(piece);
    return go_on();
  }));
  return Digest::from_hash(algorithm, hasher.value());
}

void UploadFile::note(const Digest& digest, std::uint64_t size_bytes) {
  noted_ = Noted{digest, size_bytes};
}

bool UploadFile::knows(HashAlgorithm algorithm) const {
  if (algorithm == HashAlgorithm::Sha256 || algorithm == hashes_.also()) return true;
  return noted_ && noted_->size_bytes == offset_bytes_ && noted_->digest.algorithm() == algorithm;
}

std::optional<Result<void>> UploadFile::check(const Digest& expected) const {
  const bool noted = noted_ && noted_->size_bytes == offset_bytes_ &&
                     noted_->digest.algorithm() == expected.algorithm();
  const auto actual = noted ? std::optional(noted_->digest) : hashes_.of(expected.algorithm());
  if (!actual) return std::nullopt;
  if (*actual == expected) return Result<void>();
  return fail(ErrorCode::DigestMismatch, "the {} bytes are {}, not {}", offset_bytes_,
              actual->to_string(), expected.to_string());
}

Result<Stored> UploadFile::publish() {
  auto stored = try_publish();
  if (!stored) discard();
  return stored;
}

// The order is what makes a blob durable and never visible in part: bytes, then name, then the
// directories that hold the name.
Result<Stored> UploadFile::try_publish() {
  TRY_ASSIGN(const FileStat found, settings_.files.stat(*file_));
  if (found.size_bytes != offset_bytes_) {
    return fail(ErrorCode::Unavailable, "upload {} has {} bytes on disk, {} were written",
                id_.str(), found.size_bytes, offset_bytes_);
  }
  TRY(settings_.files.sync_data(*file_));
  if (has_state_file_) TRY(if_there(settings_.files.remove(layout::upload_state_file(id_))));
  const Stored stored{digest(), offset_bytes_};
  auto placed = settings_.blobs.place(layout::upload_file(id_), stored.digest);
  if (placed) return stored;
  // NotFound would say that there was no such session.
  if (placed.error().code == ErrorCode::NotFound) placed.error().code = ErrorCode::Unavailable;
  return propagate(std::move(placed));
}

void UploadFile::discard() {
  const auto removed = if_there(remove(settings_, id_));
  if (!removed) {
    log::warning("the bytes of upload {} stay until they are purged: {}", id_.str(),
                 removed.error());
  }
}

}  // namespace entrepot::blob::fs
