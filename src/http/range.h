#pragma once
// http/range.h — Range and conditional requests (RFC 9110 §13, §14).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "http/message.h"

namespace entrepot::http {

inline constexpr std::size_t kMaxRanges = 1024;  // as many as podman asks for at once

struct WholeBody {};      // no Range, or one that is to be ignored: another unit, malformed, more
                          // than kMaxRanges, some that overlap, If-Range that does not match
struct Unsatisfiable {};  // 416
struct SeveralRanges {    // two or more, none empty, in the order asked; no two overlap
  std::vector<ByteRange> ranges;
};
using RangeAnswer = std::variant<WholeBody, ByteRange, SeveralRanges, Unsatisfiable>;

// What a GET with this Range (and If-Range against `etag`, quotes included) gets of a body of
// `size_bytes`. Of several ranges those that lie outside are left out; what is left may be one.
// "bytes=500-0" alone is Unsatisfiable (the distribution-spec's suite wants it so).
RangeAnswer choose_range(const Request& request, std::uint64_t size_bytes, std::string_view etag);

// The value of Content-Range: "bytes 0-99/1000".
std::string content_range(const ByteRange& range, std::uint64_t size_bytes);

// Makes `response` a 206 with a part for each range of `whole`, in their order, of this type
// (multipart/byteranges, RFC 9110 §14.6). The parts are sent as files are, and hold no memory but
// their positions. `ranges` lie within `whole`, which is all of the representation.
void answer_in_parts(Response& response, FileRange whole, SeveralRanges ranges,
                     std::string_view content_type);

// The entity-tags that a condition lists, without their quotes (which may be missing).
struct EntityTags {
  bool any = false;  // "*"
  std::vector<std::string> opaque;
};

// What If-Match asks for (strong comparison: weak tags are left out), and If-None-Match (weak).
// nullopt when it is absent.
std::optional<EntityTags> if_match(const Request& request);
std::optional<EntityTags> if_none_match(const Request& request);

// If-None-Match: does it list `etag` (weak comparison; quotes may be missing), or "*"? Then GET and
// HEAD get 304.
bool none_match_hits(const Request& request, std::string_view etag);

}  // namespace entrepot::http
