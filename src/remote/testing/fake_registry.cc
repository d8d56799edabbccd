#include "remote/testing/fake_registry.h"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/hash.h"
#include "http/router.h"

namespace entrepot::remote::testing {
namespace {

std::string path_of(const Asked& asked) {
  const std::string target = asked.target();
  return target.substr(0, target.find('?'));
}

std::string parameter(const Asked& asked, std::string_view name) {
  const std::string target = asked.target();
  const std::string wanted = fmt::format("{}=", name);
  for (std::size_t at = target.find('?'); at < target.size(); at = target.find('&', at)) {
    ++at;
    if (target.compare(at, wanted.size(), wanted) != 0) continue;
    const std::size_t begin = at + wanted.size();
    const std::string value = target.substr(begin, target.find('&', begin) - begin);
    return http::percent_decode(value, true).value_or("?");
  }
  return "";
}

// That a token has for this path.
std::string scope_of(const std::string& path) {
  if (path == "/v2/") return "";
  const std::size_t end =
      std::min({path.rfind("/manifests/"), path.rfind("/blobs/"), path.rfind("/tags/")});
  return fmt::format("repository:{}:pull", path.substr(4, end - 4));
}

// What HEAD gets of an answer.
Said without_body(Said said) {
  said.bytes.resize(said.bytes.find("\r\n\r\n") + 4);
  return said;
}

std::string basic(const std::string& password) {
  return "Basic " + crypto::to_base64("me:" + password);
}

// The part behind "bytes=N-", or all of it.
Said ranged(const Asked& asked, const std::string& bytes, const std::string& etag,
            const std::string& lines) {
  const std::string more = fmt::format("ETag: {}\r\n{}", etag, lines);
  const auto range = asked.header("Range");
  const auto condition = asked.header("If-Range");
  if (!range || (condition && *condition != etag)) return {answer_text(200, more, bytes)};
  const std::size_t from = std::stoull(range->substr(range->find('=') + 1));
  const std::string content_range =
      fmt::format("Content-Range: bytes {}-{}/{}\r\n", from, bytes.size() - 1, bytes.size());
  return {answer_text(206, more + content_range, bytes.substr(from))};
}

}  // namespace

FakeRegistry::FakeRegistry()
    : realm_([this](const Asked& asked) { return serve(Host::Realm, asked); }),
      storage_([this](const Asked& asked) { return serve(Host::Storage, asked); }),
      registry_([this](const Asked& asked) { return serve(Host::Registry, asked); }) {}

void FakeRegistry::rule(const std::function<void(Rules&)>& change) {
  const MutexLock lock(mutex_);
  change(rules_);
}

void FakeRegistry::answer(Host host, Instead instead) {
  const MutexLock lock(mutex_);
  instead_[host] = std::move(instead);
}

void FakeRegistry::put_manifest(std::string_view name, std::string_view reference,
                                std::string bytes, std::string type) {
  const MutexLock lock(mutex_);
  manifests_[fmt::format("/v2/{}/manifests/{}", name, reference)] = {std::move(type),
                                                                     std::move(bytes)};
}

oci::Digest FakeRegistry::put_blob(std::string bytes) {
  const MutexLock lock(mutex_);
  const auto digest = oci::Digest::of(bytes);
  blobs_[digest.to_string()] = std::move(bytes);
  return digest;
}

void FakeRegistry::put_tags(std::string_view name, std::vector<std::string> tags) {
  const MutexLock lock(mutex_);
  tags_[std::string(name)] = std::move(tags);
}

void FakeRegistry::forget_tokens() {
  const MutexLock lock(mutex_);
  tokens_.clear();
}

std::vector<Asked> FakeRegistry::asked(Host host) const {
  const MutexLock lock(mutex_);
  const auto at = asked_.find(host);
  return at == asked_.end() ? std::vector<Asked>() : at->second;
}

Said FakeRegistry::serve(Host host, const Asked& asked) {
  Instead instead;
  {
    const MutexLock lock(mutex_);
    asked_[host].push_back(asked);
    instead = instead_[host];
  }
  if (instead) {
    if (auto said = instead(asked)) return *std::move(said);
  }
  const MutexLock lock(mutex_);
  Said said = right_answer(host, asked);
  return asked.method() == "HEAD" ? without_body(std::move(said)) : said;
}

Said FakeRegistry::right_answer(Host host, const Asked& asked) {
  if (host == Host::Realm) return token_answer(asked);
  if (host == Host::Registry) return registry_answer(asked);
  // As S3: one signature is enough.
  if (asked.header("Authorization")) return {answer_text(400, "", "two signatures")};
  const auto blob = blobs_.find(path_of(asked).substr(1));
  if (blob == blobs_.end()) return {answer_text(404, "", "no such key")};
  return ranged(asked, blob->second, "\"stored\"", "");
}

std::optional<Said> FakeRegistry::refusal(const Asked& asked) {
  const auto authorization = asked.header("Authorization");
  if (rules_.demand == Rules::Demand::Nothing) return std::nullopt;
  if (rules_.demand == Rules::Demand::Basic) {
    if (authorization == basic(rules_.password)) return std::nullopt;
    return Said{answer_text(401, "WWW-Authenticate: Basic realm=\"x\",service=\"y\"\r\n", "")};
  }
  const std::string path = path_of(asked);
  if (authorization && authorization->starts_with("Bearer ")) {
    const std::string token = authorization->substr(7);
    const bool right = token.ends_with("-" + crypto::to_hex(scope_of(path)));
    if (tokens_.contains(token) && right) return std::nullopt;
  }
  if (authorization && rules_.refused_with != 401) {
    return Said{answer_text(rules_.refused_with, "", "")};
  }
  if (rules_.silent_401 && path != "/v2/") return Said{answer_text(401, "", "")};
  return Said{
      answer_text(401,
                  fmt::format("WWW-Authenticate: Bearer realm=\"{}\",service=\"fake registry\"\r\n",
                              realm_.url("/token")),
                  "{\"errors\":[]}")};
}

Said FakeRegistry::token_answer(const Asked& asked) {
  if (parameter(asked, "service") != "fake registry") return {answer_text(400, "", "")};
  if (!rules_.password.empty() && asked.header("Authorization") != basic(rules_.password)) {
    return {answer_text(401, "", "")};
  }
  const std::string token =
      fmt::format("t{}-{}", ++tokens_made_, crypto::to_hex(parameter(asked, "scope")));
  tokens_.insert(token);
  const std::string life =
      rules_.token_life.empty() ? "" : fmt::format(",\"expires_in\":{}", rules_.token_life);
  return {answer_text(200, "Content-Type: application/json\r\n",
                      fmt::format("{{\"{}\":\"{}\"{}}}", rules_.token_field, token, life))};
}

Said FakeRegistry::registry_answer(const Asked& asked) {
  if (auto refused = refusal(asked)) return *std::move(refused);
  const std::string path = path_of(asked);
  if (path == "/v2/") return {answer_text(200, "", "{}")};
  if (const auto at = manifests_.find(path); at != manifests_.end()) {
    if (!rules_.head && asked.method() == "HEAD") return {answer_text(405, "", "")};
    const std::string lines =
        fmt::format("Content-Type: {}; charset=utf-8\r\nDocker-Content-Digest: {}\r\n{}",
                    at->second.type, oci::Digest::of(at->second.bytes).to_string(), rules_.lines);
    return {answer_text(200, lines, at->second.bytes)};
  }
  constexpr std::string_view kTags = "/tags/list";
  if (path.ends_with(kTags)) {
    return tags_answer(asked, path.substr(4, path.size() - 4 - kTags.size()));
  }
  const std::size_t blob = path.find("/blobs/");
  if (blob != std::string::npos) return blob_answer(asked, path.substr(blob + 7));
  return {answer_text(404, "", "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\"}]}")};
}

Said FakeRegistry::blob_answer(const Asked& asked, const std::string& digest) {
  const auto at = blobs_.find(digest);
  if (at == blobs_.end()) return {answer_text(404, "", "")};
  if (rules_.redirect_blobs) {
    const std::string to = storage_.url(fmt::format("/{}?signature=secret", digest));
    return {answer_text(307, fmt::format("Location: {}\r\n", to), "")};
  }
  return ranged(asked, at->second, fmt::format("\"{}\"", digest), rules_.lines);
}

Said FakeRegistry::tags_answer(const Asked& asked, const std::string& name) {
  const auto at = tags_.find(name);
  if (at == tags_.end()) return {answer_text(404, "", "")};
  const std::size_t most = std::stoull(parameter(asked, "n"));
  const std::string last = parameter(asked, "last");
  std::string list, link;
  std::size_t count = 0;
  std::string given;
  for (const std::string& tag : at->second) {
    if (tag <= last) continue;
    if (count == most) {
      link =
          fmt::format("Link: </v2/{}/tags/list?n={}&last={}>; rel=\"next\"\r\n", name, most, given);
      break;
    }
    list += fmt::format("{}\"{}\"", count == 0 ? "" : ",", tag);
    given = tag;
    ++count;
  }
  return {answer_text(200, link, fmt::format("{{\"name\":\"{}\",\"tags\":[{}]}}", name, list))};
}

}  // namespace entrepot::remote::testing
