#pragma once
// oci/internal/field_names.h — when is a key of a JSON object a field that we know?

#include <string_view>

namespace entrepot::oci::internal {

// Would a decoder that ignores case (Go's does, also for U+017F and U+212A) read `key` as `name`?
bool reads_as(std::string_view key, std::string_view name);

// May the text stand in a header and a log line: 1 to 255 printable ASCII characters?
bool is_media_type(std::string_view text);

}  // namespace entrepot::oci::internal
