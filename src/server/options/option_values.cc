#include "server/options/option_values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "http/message.h"

namespace entrepot::server {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Longer names first where one is the beginning of another.
constexpr Unit kDurationUnits[] = {
    {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr Unit kSizeUnits[] = {
    {"", 1},          {"B", 1},          {"KiB", 1ull << 10}, {"KB", 1'000},
    {"MiB", 1 << 20}, {"MB", 1'000'000}, {"GiB", 1 << 30},    {"GB", 1'000'000'000}};

// The digits at the front of `text`, taken off it. nullopt without a digit, or past 2^64.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool multiply(std::uint64_t& number, std::uint64_t factor) {
  return !__builtin_mul_overflow(number, factor, &number);
}

bool is_ip_literal(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

// Labels of letters, digits, "-" and "_"; one with digits and dots alone is a mistyped address.
bool is_host_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto allowed = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return name.size() <= 253 && name.front() != '.' && name.front() != '-' &&
         name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), allowed) &&
         std::any_of(name.begin(), name.end(), is_letter);
}

bool is_token_character(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";  // RFC 9110, 5.6.2
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kOthers.find(c) != std::string_view::npos;
}

constexpr std::array<std::string_view, 34> kOursAlone = {
    // They frame a message, or belong to the connection.
    "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "TE", "Trailer", "Upgrade",
    "Content-Length", "Content-Range", "Content-Encoding", "Accept-Ranges", "Range",
    // They say what is in it, when and where.
    "Content-Type", "Content-Location", "Date", "Age", "ETag", "Last-Modified", "Location", "Link",
    "Allow", "Retry-After", "WWW-Authenticate", "Proxy-Authenticate", "Authentication-Info",
    "Authorization", "Host", "X-Request-Id", "Docker-Content-Digest", "Docker-Upload-UUID",
    "OCI-Subject", "OCI-Tag", "OCI-Filters-Applied", "OCI-Chunk-Min-Length"};

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

bool ListenAddress::loopback() const {
  return host.starts_with("127.") || host == "::1" || host.starts_with("::ffff:127.");
}

std::string to_string(const ListenAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", address.host, address.port)
            : fmt::format("{}:{}", address.host, address.port);
}

std::string to_string(const Size& size) {
  for (const std::string_view name : {"GiB", "MiB", "KiB"}) {
    const auto unit = std::find_if(std::begin(kSizeUnits), std::end(kSizeUnits),
                                   [&](const Unit& u) { return u.name == name; });
    if (size.bytes > 0 && size.bytes % unit->factor == 0) {
      return fmt::format("{}{}", size.bytes / unit->factor, name);
    }
  }
  return fmt::format("{}", size.bytes);
}

std::string to_string(Duration duration) {
  constexpr Unit kWritten[] = {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};
  auto rest = static_cast<std::uint64_t>(duration.count());
  std::string out;
  for (const Unit& unit : kWritten) {
    if (rest >= unit.factor) out += fmt::format("{}{}", rest / unit.factor, unit.name);
    rest %= unit.factor;
  }
  return out.empty() ? "0" : out;
}

Result<bool> parse_switch(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const std::string_view yes : {"true", "t", "yes", "on", "1"}) {
    if (lower == yes) return true;
  }
  for (const std::string_view no : {"false", "f", "no", "off", "0"}) {
    if (lower == no) return false;
  }
  return fail(ErrorCode::InvalidArgument, "\"{}\" is neither true nor false", text);
}

Result<std::uint64_t> parse_count(std::string_view text) {
  std::string_view rest = text;
  const auto number = take_number(rest);
  if (!number || !rest.empty()) {
    return fail(ErrorCode::InvalidArgument, "\"{}\" is not a whole number such as 100", text);
  }
  return *number;
}

Result<Size> parse_size(std::string_view text) {
  std::string_view rest = text;
  if (auto number = take_number(rest)) {
    for (const Unit& unit : kSizeUnits) {
      if (rest == unit.name && multiply(*number, unit.factor)) return Size{*number};
    }
  }
  return fail(ErrorCode::InvalidArgument, "\"{}\" is not a size such as 64MiB, 10GB or 65536",
              text);
}

Result<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration(0);
  std::string_view rest = text;
  std::uint64_t total = 0;
  bool good = !rest.empty();
  while (good && !rest.empty()) {
    auto number = take_number(rest);
    const auto* unit = std::find_if(std::begin(kDurationUnits), std::end(kDurationUnits),
                                    [&](const Unit& u) { return rest.starts_with(u.name); });
    good = number && unit != std::end(kDurationUnits) && multiply(*number, unit->factor) &&
           !__builtin_add_overflow(total, *number, &total);
    if (good) rest.remove_prefix(unit->name.size());
  }
  // A hundred years: far above any sense, far below where adding to a clock overflows.
  constexpr std::uint64_t kLongest = 100ull * 366 * 86'400'000;
  if (!good || total > kLongest) {
    return fail(ErrorCode::InvalidArgument,
                "\"{}\" is not a duration such as 250ms, 8s, 1h30m or 7d", text);
  }
  return Duration(total);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto refuse = [&] {
    return fail(ErrorCode::InvalidArgument,
                "\"{}\" is not an address such as 127.0.0.1:5000, [::1]:5000, or :5000 for all "
                "addresses",
                text);
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse();
  std::string_view host = text.substr(0, colon);
  std::string_view digits = text.substr(colon + 1);
  const auto port = take_number(digits);
  if (!port || !digits.empty() || *port > std::numeric_limits<std::uint16_t>::max()) {
    return refuse();
  }
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed != (host.find(':') != std::string_view::npos)) return refuse();

  ListenAddress address{std::string(host == "localhost" ? "127.0.0.1" : host),
                        static_cast<std::uint16_t>(*port)};
  const bool known_form =
      address.host.empty() || is_ip_literal(address.host) || is_host_name(address.host);
  if (!known_form) return refuse();
  return address;
}

bool is_ours_alone(std::string_view name) {
  return std::any_of(kOursAlone.begin(), kOursAlone.end(),
                     [&](std::string_view own) { return http::equals_ignoring_case(own, name); });
}

Result<HeaderLine> parse_header_line(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const bool good_name = !name.empty() && std::all_of(name.begin(), name.end(), is_token_character);
  if (colon == std::string_view::npos || !good_name) {
    return fail(ErrorCode::InvalidArgument,
                "\"{}\" is not a header such as \"X-Content-Type-Options: nosniff\"", text);
  }
  if (is_ours_alone(name)) {
    return fail(
        ErrorCode::InvalidArgument,
        "{} cannot be set: it frames an answer or says what is in it, so one value would be "
        "wrong for all others",
        name);
  }
  const std::string_view value = trim(text.substr(colon + 1));
  const bool good_value = std::none_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
  if (!good_value) {
    return fail(ErrorCode::InvalidArgument, "the value of header {} has a control character", name);
  }
  return HeaderLine{std::string(name), std::string(value)};
}

}  // namespace entrepot::server
