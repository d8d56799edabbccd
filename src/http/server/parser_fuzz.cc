// Feeds arbitrary bytes to everything that reads what clients send: the head scanner and parser,
// the chunked decoder, ranges and entity-tags, paths. Besides not crashing, they must not depend on
// how the bytes are cut.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/range.h"
#include "http/request_data.h"
#include "http/router.h"
#include "http/server/internal/chunked.h"
#include "http/server/internal/head_parser.h"

namespace entrepot::http::server {
namespace {

using internal::ChunkedDecoder;
using internal::HeadScanner;

// All of a small body, fed in pieces.
std::string decode(std::string input, std::size_t piece_bytes, ChunkedDecoder::Status& status) {
  ChunkedDecoder decoder;
  std::string payload;
  status = ChunkedDecoder::Status::Incomplete;
  for (std::size_t at = 0; at < input.size() && status == ChunkedDecoder::Status::Incomplete;) {
    const std::size_t size = std::min(piece_bytes, input.size() - at);
    const auto step = decoder.decode(input.data() + at, size);
    CHECK(step.payload_bytes <= step.used_bytes && step.used_bytes <= size);
    payload.append(input, at, step.payload_bytes);
    status = step.status;
    at += size;
  }
  return payload;
}

void fuzz_chunked(std::string_view input) {
  ChunkedDecoder::Status whole;
  ChunkedDecoder::Status dripped;
  const std::string at_once = decode(std::string(input), input.size() + 1, whole);
  const std::string in_pieces = decode(std::string(input), 3, dripped);
  CHECK(whole == dripped && at_once == in_pieces);
}

void check_range(const ByteRange& range, std::uint64_t size) {
  CHECK(range.length_bytes > 0 && range.length_bytes <= size);
  CHECK(range.offset_bytes <= size - range.length_bytes);
}

void fuzz_head(std::string_view input) {
  const Limits limits;
  HeadScanner at_once(limits);
  HeadScanner dripping(limits);
  HeadScanner::Status status = HeadScanner::Status::Incomplete;
  for (std::size_t size = 1; size <= input.size() && status == HeadScanner::Status::Incomplete;
       ++size) {
    status = dripping.scan(input.substr(0, size));
  }
  CHECK(at_once.scan(input) == status);
  if (status != HeadScanner::Status::Complete) return;

  auto data = std::make_unique<RequestData>();
  data->text = at_once.head(input);
  data->peer = std::make_shared<const Peer>();
  if (internal::parse_head(data->text, data->head)) return;
  const Request request(std::move(data));
  for (const std::uint64_t size : {0ULL, 1ULL, 1000ULL, ~0ULL}) {
    const RangeAnswer answer = choose_range(request, size, "\"etag\"");
    if (const auto* range = std::get_if<ByteRange>(&answer)) check_range(*range, size);
    if (const auto* several = std::get_if<SeveralRanges>(&answer)) {
      CHECK(several->ranges.size() >= 2 && several->ranges.size() <= kMaxRanges);
      std::uint64_t together = 0;
      for (const ByteRange& range : several->ranges) {
        check_range(range, size);
        together += range.length_bytes;
        CHECK(together <= size);  // none overlap
      }
    }
  }
  none_match_hits(request, "\"etag\"");
  request.parameter("n");
  match_path("/v2/<name>/blobs/<digest>", request.path());
  if (const auto decoded = percent_decode(request.path(), false)) {
    CHECK(decoded->find('\0') == std::string::npos);
  }
}

}  // namespace
}  // namespace entrepot::http::server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  entrepot::http::server::fuzz_head(input);
  entrepot::http::server::fuzz_chunked(input);
  return 0;
}
