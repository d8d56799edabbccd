#pragma once
// file/read.h — a small file at once.

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace entrepot::file {

// All of a file. Links are followed; what is no file to read (a FIFO that nobody writes to) is
// waited for by nobody. TooLarge past `most_bytes`; else see file/error.h.
Result<Bytes> read_small(const std::string& path, std::size_t most_bytes);

}  // namespace entrepot::file
