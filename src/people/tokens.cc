#include "people/tokens.h"

#include <charconv>

#include "crypto/hash.h"
#include "json/reader.h"
#include "json/writer.h"

namespace entrepot::people {
namespace {

constexpr std::size_t kIdBytes = 12;

namespace field {
enum { kIssuer, kAudience, kSubject, kName, kEpoch, kExpires, kIssued, kAccess, kCount };
constexpr json::Names<kCount> kNames = {"iss",   "aud", "sub", "name",
                                        "epoch", "exp", "iat", "access"};
}  // namespace field

namespace access_field {
enum { kType, kName, kActions, kCount };
constexpr json::Names<kCount> kNames = {"type", "name", "actions"};
}  // namespace access_field

constexpr std::string_view kRepository = "repository";
constexpr std::string_view kRegistry = "registry";
constexpr std::string_view kCatalog = "catalog";

std::int64_t to_seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}
WallTime from_seconds(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

void write_access(json::Writer& writer, const access::Bound::Scope& scope) {
  const bool is_catalog = scope.repository.empty();
  writer.begin_object()
      .member("type", is_catalog ? kRegistry : kRepository)
      .member("name", is_catalog ? kCatalog : std::string_view(scope.repository));
  writer.key("actions").begin_array();
  if (is_catalog) writer.value(std::string_view("*"));
  for (const std::string_view word : scope_words(scope.actions)) writer.value(word);
  writer.end_array().end_object();
}

Result<access::Bound::Scope> read_access(const json::Value& value) {
  using namespace access_field;
  TRY_ASSIGN(const auto fields, value.fields(kNames));
  TRY(fields.require({kType, kName, kActions}));
  access::Bound::Scope scope;
  std::string type;
  TRY(fields.read(kType, type));
  if (type == kRegistry) {
    scope.actions = {access::Action::ListCatalog};
    return scope;
  }
  TRY(fields.read(kName, scope.repository));
  TRY(fields.find(kActions)->each_element("a list", [&](const json::Value& word) -> Result<void> {
    TRY_ASSIGN(const auto text, word.get<std::string_view>());
    scope.actions = scope.actions | actions_of_scope(text);
    return {};
  }));
  return scope;
}

Failure not_ours() {
  return fail(ErrorCode::Unauthenticated, "the token is none of this registry's");
}

Result<TokenClaims> read_claims(ByteView text) {
  using namespace field;
  TRY_ASSIGN(const auto document, json::Document::parse(text, "token"));
  TRY_ASSIGN(const auto fields, document.root().fields(kNames));
  TRY(fields.require({kIssuer, kAudience, kSubject, kEpoch, kExpires, kIssued, kAccess}));
  std::string issuer;
  std::string audience;
  std::string subject;
  std::int64_t expires = 0;
  std::int64_t issued = 0;
  TokenClaims claims;
  TRY(fields.read(kIssuer, issuer));
  TRY(fields.read(kAudience, audience));
  TRY(fields.read(kSubject, subject));
  TRY(fields.read(kName, claims.name));
  TRY(fields.read(kEpoch, claims.epoch));
  TRY(fields.read(kExpires, expires));
  TRY(fields.read(kIssued, issued));
  if (issuer != Tokens::kService || audience != Tokens::kService) return not_ours();
  const auto [end, error] =
      std::from_chars(subject.data(), subject.data() + subject.size(), claims.account.value);
  if (error != std::errc() || end != subject.data() + subject.size()) return not_ours();
  claims.bound.expires_at = from_seconds(expires);
  claims.issued_at = from_seconds(issued);
  TRY(fields.find(kAccess)->each_element("a list", [&](const json::Value& value) -> Result<void> {
    TRY_ASSIGN(auto scope, read_access(value));
    claims.bound.scopes.push_back(std::move(scope));
    return {};
  }));
  return claims;
}

}  // namespace

Result<std::string> Tokens::issue(const TokenClaims& claims) const {
  using namespace field;
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member(kNames[kIssuer], kService)
      .member(kNames[kAudience], kService)
      .member(kNames[kSubject], std::string_view(std::to_string(claims.account.value)))
      .member(kNames[kName], std::string_view(claims.name))
      .member(kNames[kEpoch], claims.epoch)
      .member(kNames[kExpires], to_seconds(claims.bound.expires_at.value_or(claims.issued_at)))
      .member("nbf", to_seconds(claims.issued_at))
      .member(kNames[kIssued], to_seconds(claims.issued_at))
      .member("jti", std::string_view(crypto::to_base64url(crypto::random_bytes(kIdBytes))));
  writer.key(kNames[kAccess]).begin_array();
  for (const auto& scope : claims.bound.scopes) write_access(writer, scope);
  writer.end_array().end_object();
  const auto keys = keys_.all();
  return crypto::sign_jwt(keys_.signing(*keys).key, text);
}

Result<TokenClaims> Tokens::read(std::string_view token, WallTime now) const {
  std::vector<crypto::PublicKey> known;
  const auto keys = keys_.all();
  for (const auto& key : *keys) known.push_back(key.key.public_key());
  TRY_ASSIGN(const auto verified, crypto::verify_jwt(token, known));
  auto claims = read_claims(verified.claims);
  if (!claims) {
    return claims.error().code == ErrorCode::InvalidArgument ? Result<TokenClaims>(not_ours())
                                                             : std::move(claims);
  }
  if (claims->bound.expires_at <= now) {
    return fail(ErrorCode::Unauthenticated, "the token expired at {}",
                to_rfc3339(*claims->bound.expires_at));
  }
  return claims;
}

std::string Tokens::jwks() const {
  std::string text = R"({"keys":[)";
  const auto keys = keys_.all();
  for (const auto& key : *keys) {
    if (text.back() == '}') text += ',';
    text += key.key.public_key().jwk();
  }
  return text + "]}";
}

}  // namespace entrepot::people
