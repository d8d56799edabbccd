#include "crypto/jwt.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "crypto/hash.h"
#include "json/reader.h"

namespace entrepot::crypto {
namespace {

Failure refuse(std::string_view why) {
  return fail(ErrorCode::Unauthenticated, "not a valid token: {}", why);
}

struct Parts {
  std::string_view header;
  std::string_view claims;
  std::string_view signature;
  std::string_view signed_text;  // header and claims, with the dot
};

std::optional<Parts> split(std::string_view text) {
  const std::size_t first = text.find('.');
  const std::size_t last = text.rfind('.');
  if (first == last || text.find('.', first + 1) != last) return std::nullopt;  // not two dots
  return Parts{text.substr(0, first), text.substr(first + 1, last - first - 1),
               text.substr(last + 1), text.substr(0, last)};
}

struct Header {
  std::string algorithm;
  std::optional<std::string> key_id;
};

// RFC 7515 §4: names of members must be unique, also of those that nobody reads.
Result<void> require_unique_names(const json::Value& object) {
  std::set<std::string_view> seen;
  return object.each_member("a JSON object", [&](std::string_view name, const json::Value& member) {
    return seen.insert(name).second ? Result<void>() : member.invalid("a member is there twice");
  });
}

Result<Header> parse_header(ByteView text) {
  enum Field : std::size_t { kAlg, kKid, kTyp, kCrit };
  static constexpr json::Names<4> kNames = {"alg", "kid", "typ", "crit"};

  TRY_ASSIGN(const auto document, json::Document::parse(text, "header"));
  TRY(require_unique_names(document.root()));
  TRY_ASSIGN(const auto fields, document.root().fields(kNames));
  TRY(fields.require({kAlg}));
  if (fields.is_named(kCrit)) return fields.invalid(kCrit, "asks for what is not supported");
  Header header;
  std::string type = "JWT";
  TRY(fields.read(kAlg, header.algorithm));
  TRY(fields.read(kTyp, type));
  if (type != "JWT") return fields.invalid(kTyp, "not JWT");
  if (fields.has(kKid)) {
    std::string key_id;
    TRY(fields.read(kKid, key_id));
    header.key_id = std::move(key_id);
  }
  return header;
}

Result<Header> read_header(std::string_view part) {
  const auto text = from_base64url(part);
  if (!text) return refuse("its header is not base64url");
  auto header = parse_header(*text);
  if (header || header.error().code == ErrorCode::Unavailable) return header;
  return refuse(header.error().message);
}

Result<const PublicKey*> find_key(const Header& header, std::span<const PublicKey> keys) {
  if (!header.key_id) {
    if (keys.size() != 1) return refuse("it does not say by which key it is signed");
    return &keys.front();
  }
  const auto key = std::find_if(keys.begin(), keys.end(),
                                [&](const PublicKey& each) { return each.id() == *header.key_id; });
  if (key == keys.end()) return refuse("it is signed by no known key");
  return &*key;
}

}  // namespace

Result<std::string> sign_jwt(const SigningKey& key, ByteView claims) {
  const std::string header =
      fmt::format(R"({{"alg":"{}","kid":"{}","typ":"JWT"}})", name_of(key.public_key().algorithm()),
                  key.public_key().id());
  std::string text = to_base64url(header) + "." + to_base64url(claims);
  TRY_ASSIGN(const Bytes signature, key.sign(text));
  text.append(".").append(to_base64url(signature));
  if (text.size() > kMaxJwtBytes) {
    return fail(ErrorCode::TooLarge, "a token has at most {} octets", kMaxJwtBytes);
  }
  return text;
}

Result<VerifiedJwt> verify_jwt(std::string_view text, std::span<const PublicKey> keys) {
  if (text.size() > kMaxJwtBytes) return refuse("it is too long");
  const auto parts = split(text);
  if (!parts) return refuse("it has not three parts");
  TRY_ASSIGN(const Header header, read_header(parts->header));
  TRY_ASSIGN(const PublicKey* const key, find_key(header, keys));
  if (header.algorithm != name_of(key->algorithm())) return refuse("its key signs otherwise");
  auto claims = from_base64url(parts->claims);
  const auto signature = from_base64url(parts->signature);
  if (!claims || !signature) return refuse("a part is not base64url");
  TRY_ASSIGN(const bool is_signed, key->verify(parts->signed_text, *signature));
  if (!is_signed) return refuse("its signature is wrong");
  return VerifiedJwt{key->id(), *std::move(claims)};
}

}  // namespace entrepot::crypto
