#pragma once
// ui/accept.h — what a client says that it takes.

#include <string_view>

#include "http/message.h"

namespace entrepot::ui {

// Does one of the lists in this header (Accept, Accept-Encoding) name `word` itself, in any case
// and with a quality that is not 0 (RFC 9110 §12.4.2)? Wildcards do not count: programs send them,
// too.
bool takes(const http::Request& request, std::string_view header, std::string_view word);

// Does If-None-Match name this entity tag, or "*" (RFC 9110 §13.1.2)?
bool has_already(const http::Request& request, std::string_view etag);

}  // namespace entrepot::ui
