#include "json/key.h"

namespace entrepot::json {

bool reads_as(std::string_view key, std::string_view name) {
  for (const char wanted : name) {
    const auto is_wanted = [&](char c) { return (wanted | 0x20) == (c | 0x20); };
    if (!key.empty() && is_wanted(key[0])) {
      key.remove_prefix(1);
    } else if (is_wanted('s') && key.starts_with("\u017f")) {
      key.remove_prefix(std::string_view("\u017f").size());
    } else if (is_wanted('k') && key.starts_with("\u212a")) {
      key.remove_prefix(std::string_view("\u212a").size());
    } else {
      return false;
    }
  }
  return key.empty();
}

}  // namespace entrepot::json
