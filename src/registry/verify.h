#pragma once
// registry/verify.h — are the bytes of a blob what its digest says?

#include <functional>
#include <optional>

#include "registry/quarantine.h"

namespace entrepot::registry {

// Called after each piece that was read, with its size; an error of it ends the reading.
using AfterPiece = std::function<Result<void>(std::size_t bytes)>;

// Reads all of it, in pieces of 256 KiB. Nothing: the bytes are right. Unavailable, and the errors
// of the context and of `after_piece`, say nothing about the bytes.
Result<std::optional<Sighting>> verify(Context& context, blob::BlobStore& blobs,
                                       const meta::Blob& blob, const AfterPiece& after_piece);

// Opens it and compares its size. The same errors.
struct Opened {
  Source bytes;                      // where there is no sighting
  std::optional<Sighting> sighting;  // what is wrong with it
};
Result<Opened> open_whole(Context& context, blob::BlobStore& blobs, const meta::Blob& blob);

// The same without opening it.
Result<std::optional<Sighting>> look_at(Context& context, blob::BlobStore& blobs,
                                        const meta::Blob& blob);

}  // namespace entrepot::registry
