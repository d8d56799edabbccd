#include "oci/internal/excerpt.h"

namespace entrepot::oci::internal {

std::string excerpt(std::string_view text) {
  constexpr std::size_t kMost = 80;
  std::string out = "\"";
  for (const char c : text.substr(0, kMost)) out += c >= 0x20 && c < 0x7f ? c : '?';
  out += text.size() > kMost ? "…\"" : "\"";
  return out;
}

}  // namespace entrepot::oci::internal
