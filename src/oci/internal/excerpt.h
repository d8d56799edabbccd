#pragma once
// oci/internal/excerpt.h — a client's text inside of a message.

#include <string>
#include <string_view>

namespace entrepot::oci::internal {

// `text` in quotes, cut after 80 characters; what is not printable ASCII becomes "?".
std::string excerpt(std::string_view text);

}  // namespace entrepot::oci::internal
