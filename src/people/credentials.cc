#include "people/credentials.h"

#include <algorithm>

#include "crypto/hash.h"
#include "crypto/secret.h"

namespace entrepot::people {
namespace {

// More than any client sends: a token of ours has at most 16 KiB.
constexpr std::size_t kMostBytes = 24 << 10;

bool is_scheme(std::string_view text, std::string_view scheme) {
  return std::equal(text.begin(), text.end(), scheme.begin(), scheme.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

// Of RFC 4648 §4, with or without the padding.
Result<Bytes> from_base64(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string url(text);
  for (char& c : url) {
    if (c == '-' || c == '_') return fail(ErrorCode::InvalidArgument, "not base64");
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return crypto::from_base64url(url);
}

Failure wrong(std::string_view why) {
  return fail(ErrorCode::Unauthenticated, "Authorization: {}", why);
}

Result<Credentials> parse_basic(std::string_view text) {
  const auto decoded = from_base64(text);
  if (!decoded) return wrong("what stands behind Basic is not base64");
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos) return wrong("a name and a password have a colon between them");
  return BasicCredentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

}  // namespace

Result<Credentials> parse_authorization(std::string_view header) {
  if (header.size() > kMostBytes) return wrong("too long");
  const std::size_t space = std::min(header.find(' '), header.size());
  const std::string_view scheme = header.substr(0, space);
  std::string_view rest = header.substr(space);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  if (is_scheme(scheme, "basic")) return parse_basic(rest);
  if (!is_scheme(scheme, "bearer")) return wrong("only Basic and Bearer are understood");
  if (rest.empty()) return wrong("there is no token behind Bearer");
  return BearerCredentials{std::string(rest)};
}

std::string to_authorization(const BasicCredentials& credentials) {
  std::string text = crypto::to_base64url(credentials.name + ':' + credentials.secret);
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  return "Basic " + text;
}

bool is_password(std::string_view authorization) {
  const auto given = parse_authorization(authorization);
  const auto* basic = given ? std::get_if<BasicCredentials>(&*given) : nullptr;
  return basic != nullptr && !crypto::parse_secret(basic->secret);
}

}  // namespace entrepot::people
