#include "server/configure/docker_credentials.h"

#include <algorithm>

#include <fmt/format.h>

#include "json/reader.h"
#include "people/credentials.h"

namespace entrepot::server {
namespace {

constexpr json::Names<4> kFields = {"auth", "username", "password", "identitytoken"};

// "https://index.docker.io/v1/" is how docker calls its own.
std::string host_of(std::string_view key) {
  if (const std::size_t scheme = key.find("://"); scheme != key.npos) key.remove_prefix(scheme + 3);
  key = key.substr(0, key.find('/'));
  const bool is_hub = key == "index.docker.io" || key == "registry-1.docker.io";
  return is_hub ? "docker.io" : std::string(key);
}

Result<remote::Credentials> read_entry(const json::Value& entry) {
  TRY_ASSIGN(const auto fields, entry.fields(kFields));
  if (fields.has(3)) {
    return fields.invalid(3, "identity tokens are not understood; use a password or access token");
  }
  remote::Credentials credentials;
  TRY(fields.read(1, credentials.username));
  TRY(fields.read(2, credentials.password));
  std::string auth;
  TRY(fields.read(0, auth));
  if (auth.empty()) return credentials;
  auto parsed = people::parse_authorization("Basic " + auth);
  const auto* basic = parsed ? std::get_if<people::BasicCredentials>(&*parsed) : nullptr;
  if (basic == nullptr) return fields.invalid(0, "not base64 of NAME:PASSWORD");
  return remote::Credentials{basic->name, basic->secret};
}

}  // namespace

Result<DockerCredentials> parse_docker_credentials(std::string_view text) {
  static constexpr json::Names<1> kTop = {"auths"};
  TRY_ASSIGN(const auto document, json::Document::parse(text, "credentials"));
  TRY_ASSIGN(const auto top, document.root().fields(kTop));
  DockerCredentials out;
  const auto auths = top.find(0);
  if (!auths) return out;
  TRY(auths->each_member(
      "map", [&](std::string_view key, const json::Value& value) -> Result<void> {
        auto entry = read_entry(value);
        if (!entry) {
          return fail(entry.error().code, "{}: {}", host_of(key), entry.error().message);
        }
        if (entry->password.empty()) {
          return fail(ErrorCode::InvalidArgument,
                      "{}: no password; a helper (credsStore) keeps it: write \"auth\" instead",
                      host_of(key));
        }
        out.insert_or_assign(host_of(key), *std::move(entry));
        return {};
      }));
  return out;
}

}  // namespace entrepot::server
