#include "import/internal/left_out.h"

#include <charconv>
#include <optional>

#include "import/layout.h"

namespace entrepot::import {

using meta::RepositoryId;
using oci::Digest;

namespace {

constexpr std::string_view kPrefix = "import.left_out/";

std::string key_of(std::string_view path) { return fmt::format("{}{}", kPrefix, path); }

// "<microseconds> <0 or 1> <text>"
Result<LeftOut> parse(const meta::Settings::Entry& entry) {
  LeftOut left_out;
  left_out.path = entry.key.substr(kPrefix.size());
  std::int64_t micros = 0;
  const char* const end = entry.value.data() + entry.value.size();
  const auto read = std::from_chars(entry.value.data(), end, micros);
  if (read.ec != std::errc() || end - read.ptr < 3) {
    return fail(ErrorCode::Corrupt, "the setting {} cannot be read", entry.key);
  }
  left_out.at = from_unix_micros(micros);
  left_out.leads = read.ptr[1] == '1';
  left_out.text.assign(read.ptr + 3, end);
  return left_out;
}

// A path in its parts.
struct Place {
  std::string_view repository;
  std::string_view kind;  // kLayers, kRevisions, kTags, or nothing
  std::string_view rest;  // "sha256/<hex>/link", "<tag>/current/link"
};

Place place_of(std::string_view path) {
  for (const std::string_view kind : {kLayers, kRevisions, kTags}) {
    const auto at = path.find(fmt::format("/{}/", kind));
    if (at == std::string_view::npos) continue;
    return {path.substr(0, at), kind, path.substr(at + kind.size() + 2)};
  }
  return {path, {}, {}};
}

// "sha256/<hex>/link"
std::optional<Digest> digest_of(std::string_view folder) {
  const auto algorithm = folder.substr(0, folder.find('/'));
  std::string_view hex = folder.substr(std::min(algorithm.size() + 1, folder.size()));
  hex = hex.substr(0, hex.find('/'));
  const auto digest = Digest::parse(fmt::format("{}:{}", algorithm, hex));
  if (!digest) return std::nullopt;
  return *digest;
}

Result<bool> is_manifest_to_be_given_back(const meta::Snapshot& snapshot, RepositoryId repository,
                                          const LeftOut& left_out,
                                          const std::optional<Digest>& digest) {
  if (!digest) return true;
  if (left_out.leads) return is_there(snapshot.manifests().find(repository, *digest));
  TRY_ASSIGN(const bool deleted, snapshot.manifests().was_deleted(repository, *digest));
  return !deleted;
}

// One that leads to something is a manifest's.
Result<bool> is_layer_to_be_given_back(const meta::Snapshot& snapshot, RepositoryId repository,
                                       const LeftOut& left_out,
                                       const std::optional<Digest>& digest) {
  if (!digest) return true;
  if (left_out.leads) return is_there(snapshot.manifests().find(repository, *digest));
  TRY_ASSIGN(const bool dropped, snapshot.blobs().was_linked(repository, *digest));
  return !dropped;
}

Result<bool> is_tag_to_be_given_back(const meta::Snapshot& snapshot, RepositoryId repository,
                                     const LeftOut& left_out, std::string_view name) {
  if (const auto tag = oci::Tag::parse(name)) {
    TRY_ASSIGN(const auto moves, snapshot.tags().history(repository, *tag, 1));
    if (!moves.empty() && moves.front().at > left_out.at) return false;
  }
  const auto target = Digest::parse(left_out.text);
  return is_manifest_to_be_given_back(snapshot, repository, left_out,
                                      target ? std::optional(*target) : std::nullopt);
}

}  // namespace

Result<void> keep(meta::Settings& settings, const LeftOut& left_out) {
  return settings.set(key_of(left_out.path), fmt::format("{} {} {}", to_unix_micros(left_out.at),
                                                         left_out.leads ? 1 : 0, left_out.text));
}

Result<std::vector<LeftOut>> list_left_out(const meta::Settings& settings, std::string_view after,
                                           std::size_t limit) {
  TRY_ASSIGN(const auto entries,
             settings.list(kPrefix, after.empty() ? std::string() : key_of(after), limit));
  std::vector<LeftOut> found;
  for (const auto& entry : entries) {
    TRY_ASSIGN(LeftOut left_out, parse(entry));
    found.push_back(std::move(left_out));
  }
  return found;
}

Result<void> forget(meta::Settings& settings, const LeftOut& left_out) {
  return settings.remove(key_of(left_out.path));
}

Result<bool> is_to_be_given_back(const meta::Snapshot& snapshot, const LeftOut& left_out) {
  const Place place = place_of(left_out.path);
  const auto name = oci::RepositoryName::parse(place.repository);
  if (!name) return true;  // nobody could change anything in it
  TRY_ASSIGN(const auto repository, if_there(snapshot.repositories().find(*name)));
  if (!repository) return true;
  if (place.kind == kLayers) {
    return is_layer_to_be_given_back(snapshot, repository->id, left_out, digest_of(place.rest));
  }
  if (place.kind == kRevisions) {
    return is_manifest_to_be_given_back(snapshot, repository->id, left_out, digest_of(place.rest));
  }
  return is_tag_to_be_given_back(snapshot, repository->id, left_out,
                                 place.rest.substr(0, place.rest.find('/')));
}

}  // namespace entrepot::import
