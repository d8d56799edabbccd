#pragma once
// server/configure/secret_file.h — secrets that lie in files.

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace entrepot::server {

// The whole file, of at most `most_bytes`. NotFound, Denied, Unavailable; TooLarge past that; what
// everybody may read is warned about.
Result<Bytes> read_secret_file(const std::string& path, std::size_t most_bytes);

}  // namespace entrepot::server
