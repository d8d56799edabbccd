#pragma once
// oci/internal/media_type_text.h — is a text a media type?

#include <string_view>

namespace entrepot::oci::internal {

// May it stand in a header and a log line: 1 to 255 printable ASCII characters? Types are nobody's
// closed list.
bool is_media_type(std::string_view text);

}  // namespace entrepot::oci::internal
