#include "http/range.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

#include "crypto/hash.h"

namespace entrepot::http {
namespace {

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Digits alone; a number past 2^64 stands for "past every end".
std::optional<std::uint64_t> parse_position(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (kMax - digit) / 10 ? kMax : value * 10 + digit;
  }
  return value;
}

// If-Range holds one strong entity-tag; a weak one, and a date (we send none), never match.
bool if_range_matches(const Request& request, std::string_view etag) {
  const auto condition = request.header("If-Range");
  return !condition || (condition->starts_with('"') && *condition == etag);
}

// One entry of Range's list.
struct RangeSpec {
  bool from_end = false;  // the last `first` bytes
  std::uint64_t first = 0;
  std::uint64_t last = std::numeric_limits<std::uint64_t>::max();

  bool is_backwards() const { return !from_end && last < first; }
};

// "0-99", "500-" or "-500"; nullopt when it is neither.
std::optional<RangeSpec> parse_spec(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  RangeSpec spec;
  spec.from_end = dash == 0;
  const auto first = parse_position(spec.from_end ? text.substr(1) : text.substr(0, dash));
  if (!first) return std::nullopt;
  spec.first = *first;
  const std::string_view last_text = text.substr(dash + 1);
  if (spec.from_end || last_text.empty()) return spec;
  const auto last = parse_position(last_text);
  if (!last) return std::nullopt;
  spec.last = *last;
  return spec;
}

RangeAnswer fit(const RangeSpec& spec, std::uint64_t size) {
  if (!spec.from_end) {
    if (spec.is_backwards() || spec.first >= size) return Unsatisfiable{};
    return ByteRange{spec.first, std::min(spec.last, size - 1) - spec.first + 1};
  }
  if (spec.first == 0) return Unsatisfiable{};
  if (size == 0) return WholeBody{};  // satisfiable, but no Content-Range could say so
  const std::uint64_t length = std::min(spec.first, size);
  return ByteRange{size - length, length};
}

bool overlap(std::vector<ByteRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const ByteRange& a, const ByteRange& b) { return a.offset_bytes < b.offset_bytes; });
  return std::adjacent_find(ranges.begin(), ranges.end(),
                            [](const ByteRange& a, const ByteRange& b) {
                              return a.end_bytes() > b.offset_bytes;
                            }) != ranges.end();
}

RangeAnswer choose_of_list(std::string_view list, std::uint64_t size) {
  std::vector<ByteRange> ranges;
  std::size_t asked = 0;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view text = trim(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (text.empty()) continue;  // RFC 9110 §5.6.1.2
    const auto spec = parse_spec(text);
    if (!spec || spec->is_backwards() || ++asked > kMaxRanges) return WholeBody{};
    const RangeAnswer answer = fit(*spec, size);
    if (std::holds_alternative<WholeBody>(answer)) return answer;
    if (const auto* range = std::get_if<ByteRange>(&answer)) ranges.push_back(*range);
  }
  if (asked == 0) return WholeBody{};
  if (ranges.empty()) return Unsatisfiable{};
  if (ranges.size() == 1) return ranges.front();
  if (overlap(ranges)) return WholeBody{};
  return SeveralRanges{std::move(ranges)};
}

// The body of a multipart/byteranges answer: a delimiter and two headers in front of each range,
// and the last delimiter.
class RangeParts final : public FilePieces {
 public:
  RangeParts(FileRange whole, std::vector<ByteRange> ranges, std::string_view content_type)
      : whole_(std::move(whole)),
        ranges_(std::move(ranges)),
        content_type_(content_type),
        boundary_(crypto::to_hex(crypto::random_bytes(kBoundaryOctets))) {
    for (std::size_t index = 0; index < count(); ++index) {
      const Piece each = piece(index);
      size_bytes_ += each.text.size() + each.range.length_bytes;
    }
  }

  const std::string& boundary() const { return boundary_; }

  const OpenFile& file() const override { return *whole_.file; }
  std::size_t count() const override { return ranges_.size() + 1; }
  std::uint64_t size_bytes() const override { return size_bytes_; }

  Piece piece(std::size_t index) const override {
    if (index == ranges_.size()) return {fmt::format("\r\n--{}--\r\n", boundary_), {}};
    const ByteRange& range = ranges_[index];
    return {fmt::format("{}--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n",
                        index == 0 ? "" : "\r\n", boundary_, content_type_,
                        content_range(range, whole_.range.length_bytes)),
            {whole_.range.offset_bytes + range.offset_bytes, range.length_bytes}};
  }

 private:
  static constexpr std::size_t kBoundaryOctets = 16;  // chance puts it into no blob

  const FileRange whole_;
  const std::vector<ByteRange> ranges_;
  const std::string content_type_;
  const std::string boundary_;
  std::uint64_t size_bytes_ = 0;
};

// The opaque part, quotes included: weak comparison looks at nothing else.
std::string_view without_weakness(std::string_view etag) {
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

// One entry of a list of entity-tags.
struct ListedTag {
  std::string_view opaque;  // without its quotes
  bool weak = false;
};

// Cuts the first entity-tag off `line`. One without quotes ends at the next comma: clients send
// digests like that. nullopt at the end of the line, or of what can be understood.
std::optional<ListedTag> take_tag(std::string_view& line) {
  line = trim(line);
  if (line.empty()) return std::nullopt;
  ListedTag tag;
  tag.weak = line.starts_with("W/");
  line = without_weakness(line);
  if (line.starts_with('"')) {
    const std::size_t end = line.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    tag.opaque = line.substr(1, end - 1);
    line = trim(line.substr(end + 1));
    if (!line.empty() && line.front() != ',') return std::nullopt;
  } else {
    const std::size_t end = std::min(line.find(','), line.size());
    tag.opaque = trim(line.substr(0, end));
    line.remove_prefix(end);
  }
  if (!line.empty()) line.remove_prefix(1);
  return tag;
}

bool lists(std::string_view line, std::string_view opaque) {
  while (const auto tag = take_tag(line)) {
    if (tag->opaque == opaque) return true;
  }
  return false;
}

std::optional<EntityTags> tags_of(const Request& request, std::string_view header,
                                  bool weak_ones_too) {
  const auto lines = request.headers(header);
  if (lines.empty()) return std::nullopt;
  EntityTags tags;
  for (std::string_view line : lines) {
    if (trim(line) == "*") tags.any = true;
    while (const auto tag = take_tag(line)) {
      if (weak_ones_too || !tag->weak) tags.opaque.emplace_back(tag->opaque);
    }
  }
  return tags;
}

}  // namespace

RangeAnswer choose_range(const Request& request, std::uint64_t size_bytes, std::string_view etag) {
  const auto header = request.header("Range");
  if (!header || request.method() != Method::Get) return WholeBody{};
  if (!if_range_matches(request, etag)) return WholeBody{};

  const std::size_t equals = header->find('=');
  if (equals == std::string_view::npos) return WholeBody{};
  if (!equals_ignoring_case(header->substr(0, equals), "bytes")) return WholeBody{};
  const std::string_view list = trim(header->substr(equals + 1));
  if (list.find(',') != std::string_view::npos) return choose_of_list(list, size_bytes);
  const auto spec = parse_spec(list);
  if (!spec) return WholeBody{};
  return fit(*spec, size_bytes);
}

std::string content_range(const ByteRange& range, std::uint64_t size_bytes) {
  return fmt::format("bytes {}-{}/{}", range.offset_bytes, range.end_bytes() - 1, size_bytes);
}

void answer_in_parts(Response& response, FileRange whole, SeveralRanges ranges,
                     std::string_view content_type) {
  auto parts =
      std::make_unique<RangeParts>(std::move(whole), std::move(ranges.ranges), content_type);
  response.status = 206;
  response.with("Content-Type", "multipart/byteranges; boundary=" + parts->boundary());
  response.body = Source(std::move(parts));
}

bool none_match_hits(const Request& request, std::string_view etag) {
  std::string_view opaque = without_weakness(etag);
  opaque = opaque.substr(1, opaque.size() - 2);
  for (const std::string_view line : request.headers("If-None-Match")) {
    if (trim(line) == "*" || lists(line, opaque)) return true;
  }
  return false;
}

std::optional<EntityTags> if_match(const Request& request) {
  return tags_of(request, "If-Match", false);
}

std::optional<EntityTags> if_none_match(const Request& request) {
  return tags_of(request, "If-None-Match", true);
}

}  // namespace entrepot::http
