#include "registry/verify.h"

#include "crypto/hash.h"

namespace entrepot::registry {
namespace {

constexpr std::size_t kPieceBytes = 256 << 10;

}  // namespace

Result<Opened> open_whole(Context& context, blob::BlobStore& blobs, const meta::Blob& blob) {
  auto bytes = blobs.open(context, blob.digest);
  if (!bytes) {
    if (bytes.error().code == ErrorCode::NotFound) return Opened{{}, Sighting{Symptom::Missing}};
    if (bytes.error().code == ErrorCode::Corrupt) return Opened{{}, Sighting{Symptom::Unreadable}};
    return propagate(std::move(bytes));
  }
  if (bytes->size_bytes() != blob.size_bytes) return Opened{{}, Sighting{Symptom::WrongSize}};
  return Opened{*std::move(bytes), std::nullopt};
}

Result<std::optional<Sighting>> look_at(Context& context, blob::BlobStore& blobs,
                                        const meta::Blob& blob) {
  TRY_ASSIGN(const auto found, if_there(blobs.stat(context, blob.digest)));
  if (!found) return std::optional(Sighting{Symptom::Missing});
  if (found->size_bytes != blob.size_bytes) return std::optional(Sighting{Symptom::WrongSize});
  return std::optional<Sighting>();
}

Result<std::optional<Sighting>> verify(Context& context, blob::BlobStore& blobs,
                                       const meta::Blob& blob, const AfterPiece& after_piece) {
  TRY_ASSIGN(Opened opened, open_whole(context, blobs, blob));
  if (opened.sighting) return opened.sighting;
  Source& bytes = opened.bytes;
  const auto file = bytes.file() != nullptr ? bytes.file()->file : nullptr;
  crypto::Hasher hasher(blob.digest.algorithm());
  Bytes piece(std::min<std::uint64_t>(kPieceBytes, blob.size_bytes), '\0');
  for (std::uint64_t done = 0; done < blob.size_bytes;) {
    TRY(context.alive());
    const auto got = read_some(context, bytes, done, piece);
    if (!got && got.error().code == ErrorCode::Corrupt) {
      return std::optional(Sighting{Symptom::Unreadable, file});
    }
    if (!got) return Failure(got.error());
    if (*got == 0) return std::optional(Sighting{Symptom::WrongSize, file});
    hasher.update(ByteView(piece).substr(0, *got));
    done += *got;
    TRY(after_piece(*got));
  }
  if (hasher.value() != blob.digest.hash()) {
    return std::optional(Sighting{Symptom::WrongHash, file});
  }
  return std::optional<Sighting>();
}

}  // namespace entrepot::registry
