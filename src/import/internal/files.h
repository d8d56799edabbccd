#pragma once
// import/internal/files.h — small things about files that reading and writing the layout share.

#include <span>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/source.h"

namespace entrepot::import {

// What the system said, as an error: NotFound, AlreadyExists, Conflict (it is something else, or a
// link that is not followed), StorageFull, else Unavailable.
Failure failed(std::string_view doing, const std::string& path, int error);

// The entries of a folder are durable when this returns.
Result<void> sync_folder(const std::string& path);

// The next bytes of a source from `offset` on; 0 at its end. Of a stream, `offset` is where the
// last call ended.
Result<std::size_t> read_piece(Context& context, Source& source, std::uint64_t offset,
                               std::span<char> buffer);

}  // namespace entrepot::import
