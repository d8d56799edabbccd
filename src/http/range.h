#pragma once
// http/range.h — Range and conditional requests (RFC 9110 §13, §14).

#include <optional>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "http/message.h"

namespace entrepot::http {

struct WholeBody {};      // no Range, or one that is to be ignored (another unit, several ranges,
                          // If-Range that does not match)
struct Unsatisfiable {};  // 416
using RangeAnswer = std::variant<WholeBody, ByteRange, Unsatisfiable>;

// What a GET with this Range (and If-Range against `etag`, quotes included) gets of a body of
// `size_bytes`. "bytes=500-0" is Unsatisfiable (the distribution-spec's suite wants it so).
RangeAnswer choose_range(const Request& request, std::uint64_t size_bytes, std::string_view etag);

// If-None-Match: does it list `etag` (weak comparison; quotes may be missing), or "*"? Then GET and
// HEAD get 304.
bool none_match_hits(const Request& request, std::string_view etag);

}  // namespace entrepot::http
