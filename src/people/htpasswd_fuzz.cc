// Password files: what counts has a name and a hash that can be verified.

#include <string_view>

#include "base/check.h"
#include "people/htpasswd.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = entrepot::people::parse_htpasswd({reinterpret_cast<const char*>(data), size});
  for (const auto& [name, hash] : file.hashes) {
    CHECK(!name.empty() && name.find(':') == std::string::npos && hash.starts_with("$2"));
  }
  return 0;
}
