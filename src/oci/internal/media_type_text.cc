#include "oci/internal/media_type_text.h"

#include <algorithm>

namespace entrepot::oci::internal {

bool is_media_type(std::string_view text) {
  const auto printable = [](char c) { return c >= 0x20 && c < 0x7f; };
  return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), printable);
}

}  // namespace entrepot::oci::internal
