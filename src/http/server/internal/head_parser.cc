#include "http/server/internal/head_parser.h"

#include <array>
#include <cstring>
#include <limits>

#include "http/server/internal/characters.h"

namespace entrepot::http::server::internal {
namespace {

constexpr std::size_t kMaxMethodBytes = 32;

using MaybeRefusal = std::optional<Refusal>;

Refusal bad_request(std::string_view message) { return Refusal{400, std::string(message)}; }

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Cuts the first line, without its CRLF, off `rest`.
std::string_view take_line(std::string_view& rest) {
  const auto* end = static_cast<const char*>(std::memchr(rest.data(), '\n', rest.size()));
  const auto length = static_cast<std::size_t>(end - rest.data());
  const std::string_view line = rest.substr(0, length - 1);
  rest.remove_prefix(length + 1);
  return line;
}

Method method_of(std::string_view text) {
  static constexpr std::array kMethods = {Method::Get,    Method::Head,  Method::Post,
                                          Method::Put,    Method::Patch, Method::Delete,
                                          Method::Options};
  for (const Method method : kMethods) {
    if (text == name_of(method)) return method;
  }
  return Method::Other;
}

MaybeRefusal parse_version(std::string_view version, Head& head) {
  if (version == "HTTP/1.1") return std::nullopt;
  if (version == "HTTP/1.0") {
    head.http11 = false;
    head.keep_alive = false;
    return std::nullopt;
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' &&
      is_digit(version[5]) && is_digit(version[7])) {
    return Refusal{505, "this server speaks HTTP/1.1 and HTTP/1.0"};
  }
  return bad_request("the request line must end in HTTP/1.1");
}

// Cuts scheme and authority off an absolute target, "http://host:5000/v2/". A path that is not
// there is "/" (RFC 9110 §4.2.3).
MaybeRefusal cut_authority(std::string_view& target, std::string_view& authority) {
  constexpr std::string_view kEndOfScheme = "://";
  const std::size_t scheme_end = target.find(kEndOfScheme);
  const std::string_view scheme =
      scheme_end == std::string_view::npos ? "" : target.substr(0, scheme_end);
  if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) {
    return bad_request("the request target must begin with '/'");
  }
  target.remove_prefix(scheme_end + kEndOfScheme.size());
  authority = target.substr(0, target.find_first_of("/?"));
  if (authority.empty()) return bad_request("the request target names no host");
  if (!consists_of(authority, kHost))
    return bad_request("the request target may name a host and a port alone");
  target.remove_prefix(authority.size());
  if (target.empty()) target = "/";
  return std::nullopt;
}

// Sets the target; `authority` becomes that of an absolute target.
MaybeRefusal parse_target(std::string_view target, Head& head, std::string_view& authority) {
  if (target.empty() || !consists_of(target, kTarget)) {
    return bad_request("the request target may hold visible ASCII without '#' alone");
  }
  if (target == "*") {
    if (head.method != Method::Options) return bad_request("the target * is for OPTIONS alone");
  } else if (target.front() != '/') {
    if (auto refusal = cut_authority(target, authority)) return refusal;
  }
  head.target = target;
  const std::size_t question = std::min(target.find('?'), target.size());
  head.path = question == 0 ? "/" : target.substr(0, question);
  head.query = target.substr(std::min(question + 1, target.size()));
  return std::nullopt;
}

MaybeRefusal parse_request_line(std::string_view line, Head& head, std::string_view& authority) {
  const std::size_t method_end = line.find(' ');
  const std::size_t target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || method_end == target_end) {
    return bad_request("the request line must be: method, blank, target, blank, HTTP/1.1");
  }
  head.method_text = line.substr(0, method_end);
  if (!is_token(head.method_text)) return bad_request("the method must be a token");
  if (head.method_text.size() > kMaxMethodBytes) return Refusal{501, "no method is that long"};
  if (head.method_text == "CONNECT") return Refusal{501, "this server is no proxy"};
  head.method = method_of(head.method_text);
  if (auto refusal = parse_version(line.substr(target_end + 1), head)) return refusal;
  return parse_target(line.substr(method_end + 1, target_end - method_end - 1), head, authority);
}

// The headers that decide about framing and those that may be sent only once.
enum class Known : unsigned {
  Host,
  ContentLength,
  TransferEncoding,
  Range,
  Authorization,
  ContentType,
  ContentRange,
  IfRange,
  Expect,
  Origin,
  Connection,
  Unknown,
};

Known known_header(std::string_view name) {
  const auto either = [name](std::string_view text, Known known) {
    return equals_ignoring_case(name, text) ? known : Known::Unknown;
  };
  switch (name.size()) {
    case 4:
      return either("Host", Known::Host);
    case 5:
      return either("Range", Known::Range);
    case 6:
      return (name[0] | 0x20) == 'o' ? either("Origin", Known::Origin)
                                     : either("Expect", Known::Expect);
    case 8:
      return either("If-Range", Known::IfRange);
    case 10:
      return either("Connection", Known::Connection);
    case 12:
      return either("Content-Type", Known::ContentType);
    case 13:
      return (name[0] | 0x20) == 'a' ? either("Authorization", Known::Authorization)
                                     : either("Content-Range", Known::ContentRange);
    case 14:
      return either("Content-Length", Known::ContentLength);
    case 17:
      return either("Transfer-Encoding", Known::TransferEncoding);
    default:
      return Known::Unknown;
  }
}

// What the header lines say together.
class HeaderRules {
 public:
  explicit HeaderRules(Head& head) : head_(head) {}

  MaybeRefusal add(std::string_view name, std::string_view value) {
    const Known known = known_header(name);
    if (known == Known::Unknown) return std::nullopt;
    if (known == Known::Connection) {
      read_connection(value);
      return std::nullopt;
    }
    const unsigned bit = 1U << static_cast<unsigned>(known);
    if ((seen_ & bit) != 0) return bad_request(std::string(name) + " is sent twice");
    seen_ |= bit;
    switch (known) {
      case Known::Host:
        return consists_of(value, kHost) ? std::nullopt
                                         : MaybeRefusal(bad_request("Host is not a host"));
      case Known::ContentLength:
        return read_content_length(value);
      case Known::TransferEncoding:
        return read_transfer_encoding(value);
      case Known::Expect:
        if (!equals_ignoring_case(value, "100-continue")) {
          return Refusal{417, "only Expect: 100-continue can be met"};
        }
        expects_continue_ = true;
        return std::nullopt;
      default:
        return std::nullopt;
    }
  }

  MaybeRefusal conclude(std::string_view authority) {
    if (head_.http11 && !saw(Known::Host)) return bad_request("Host is missing");
    if (!authority.empty()) take_host_from(authority);
    if (saw(Known::TransferEncoding)) {
      if (saw(Known::ContentLength)) {
        return bad_request("Content-Length and Transfer-Encoding exclude each other");
      }
      if (!head_.http11) return bad_request("HTTP/1.0 has no Transfer-Encoding");
    }
    if (close_) {
      head_.keep_alive = false;
    } else if (keep_alive_) {
      head_.keep_alive = true;
    }
    head_.expects_continue = expects_continue_ && head_.http11 && head_.has_body();
    return std::nullopt;
  }

 private:
  bool saw(Known known) const { return (seen_ & (1U << static_cast<unsigned>(known))) != 0; }

  // RFC 9112 §3.2.2: the host of an absolute target counts, and Host is ignored. It is replaced, so
  // that nobody behind this can look at the other one.
  void take_host_from(std::string_view authority) {
    for (Header& header : head_.headers) {
      if (!equals_ignoring_case(header.name, "Host")) continue;
      header.value = authority;
      return;
    }
    head_.headers.push_back({"Host", authority});
  }

  MaybeRefusal read_content_length(std::string_view value) {
    constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
    std::uint64_t length = 0;
    for (const char c : value) {
      if (c < '0' || c > '9') return bad_request("Content-Length must be decimal digits alone");
      const auto digit = static_cast<std::uint64_t>(c - '0');
      if (length > (kMax - digit) / 10) return bad_request("Content-Length is past 2^63");
      length = length * 10 + digit;
    }
    if (value.empty()) return bad_request("Content-Length is empty");
    head_.content_length_bytes = length;
    return std::nullopt;
  }

  MaybeRefusal read_transfer_encoding(std::string_view value) {
    head_.chunked = equals_ignoring_case(value, "chunked");
    if (head_.chunked) return std::nullopt;
    const std::size_t comma = value.rfind(',');
    if (comma != std::string_view::npos &&
        equals_ignoring_case(trim_blanks(value.substr(comma + 1)), "chunked")) {
      return Refusal{501, "no Transfer-Encoding but chunked is understood"};
    }
    return bad_request("Transfer-Encoding must be chunked");
  }

  void read_connection(std::string_view value) {
    while (!value.empty()) {
      const std::size_t end = std::min(value.find(','), value.size());
      const std::string_view option = trim_blanks(value.substr(0, end));
      value.remove_prefix(std::min(end + 1, value.size()));
      close_ = close_ || equals_ignoring_case(option, "close");
      keep_alive_ = keep_alive_ || equals_ignoring_case(option, "keep-alive");
    }
  }

  Head& head_;
  unsigned seen_ = 0;
  bool expects_continue_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
};

MaybeRefusal parse_header_line(std::string_view line, Head& head, HeaderRules& rules) {
  if (line.front() == ' ' || line.front() == '\t') {
    return bad_request("a header line begins with a blank (folded lines are not allowed)");
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return bad_request("a header line has no colon");
  const std::string_view name = line.substr(0, colon);
  if (!is_token(name))
    return bad_request("a header's name must be a token, right before its colon");
  const std::string_view value = trim_blanks(line.substr(colon + 1));
  if (!is_field_value(value)) {
    return bad_request("a header's value holds a control character");
  }
  head.headers.push_back({name, value});
  return rules.add(name, value);
}

}  // namespace

HeadScanner::Status HeadScanner::refuse(int status, std::string_view message) {
  refusal_ = Refusal{status, std::string(message)};
  return Status::Refused;
}

HeadScanner::Status HeadScanner::scan(std::string_view input) {
  if (scanned_ == 0 && !input.empty() && !is(input.front(), kToken) && input.front() != '\r') {
    return refuse(400, "this is no HTTP/1.1 request (a TLS client, perhaps?)");
  }
  while (scanned_ < input.size()) {
    const void* found = std::memchr(input.data() + scanned_, '\n', input.size() - scanned_);
    if (found == nullptr) break;
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - input.data());
    if (at == line_start_ || input[at - 1] != '\r') {
      return refuse(400, "every line must end in CR LF");
    }
    const std::size_t line_bytes = at - 1 - line_start_;
    line_start_ = scanned_ = at + 1;
    if (line_bytes == 0) {
      if (lines_ == 0 && begin_ == 0) {
        begin_ = 2;  // RFC 9112 §2.2: one empty line in front is forgiven
        continue;
      }
      if (lines_ == 0) return refuse(400, "the request line is empty");
      if (scanned_ > limits_->head_bytes) return refuse(431, "the headers are too long together");
      return Status::Complete;
    }
    ++lines_;
    if (lines_ == 1 && line_bytes > limits_->request_line_bytes) {
      return refuse(414, "the request line is too long");
    }
    if (lines_ > limits_->header_count + 1) return refuse(431, "too many headers");
  }
  scanned_ = input.size();
  if (lines_ == 0 && scanned_ - begin_ > limits_->request_line_bytes + 1) {
    return refuse(414, "the request line is too long");
  }
  if (scanned_ > limits_->head_bytes) return refuse(431, "the headers are too long together");
  return Status::Incomplete;
}

std::optional<Refusal> parse_head(std::string_view text, Head& head) {
  head.clear();
  std::string_view authority;
  if (auto refusal = parse_request_line(take_line(text), head, authority)) return refusal;
  HeaderRules rules(head);
  for (std::string_view line = take_line(text); !line.empty(); line = take_line(text)) {
    if (auto refusal = parse_header_line(line, head, rules)) return refusal;
  }
  return rules.conclude(authority);
}

}  // namespace entrepot::http::server::internal
