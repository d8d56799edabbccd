#include "meta/testing/store_conformance.h"

#include <utility>

namespace entrepot::meta::testing {

void PrintTo(const StoreFactory& /*factory*/, std::ostream* out) { *out << "an empty store"; }

::testing::internal::ParamGenerator<StoreFactory> every_promise(StoreFactory factory) {
  return ::testing::ValuesIn(std::vector<StoreFactory>{std::move(factory)});
}

RepositoryId StoreConformance::repository(std::string_view text) {
  return write([&](Transaction& tx) { return tx.repositories().find_or_create(name(text), at(0)); })
      .value()
      .id;
}

Digest StoreConformance::put(RepositoryId repository, std::string_view bytes,
                             const std::vector<Digest>& layers) {
  NewManifest manifest = new_manifest(repository, bytes);
  for (const Digest& layer : layers) {
    manifest.references.push_back({layer, oci::ReferenceKind::Layer});
  }
  return write([&](Transaction& tx) { return tx.manifests().put(manifest); }).value().digest;
}

Digest StoreConformance::record(std::string_view bytes) {
  const Digest digest = sha256(bytes);
  EXPECT_OK(write([&](Transaction& tx) {
    return tx.blobs().record({digest, bytes.size()}, std::nullopt, at(0));
  }));
  return digest;
}

RepositoryName name(std::string_view text) { return RepositoryName::parse(text).value(); }
Tag tag(std::string_view text) { return Tag::parse(text).value(); }
Digest sha256(std::string_view bytes) { return Digest::of(bytes); }
Digest sha512(std::string_view bytes) { return Digest::of(bytes, oci::HashAlgorithm::Sha512); }
WallTime at(int seconds) {
  return from_unix_micros(1'767'225'600'000'000) + std::chrono::seconds(seconds);
}

NewManifest new_manifest(RepositoryId repository, std::string_view bytes) {
  return NewManifest{.repository = repository,
                     .digest = sha256(bytes),
                     .media_type = std::string(oci::media_type::kOciManifest),
                     .bytes = Bytes(bytes),
                     .references = {},
                     .subject = std::nullopt,
                     .artifact_type = "",
                     .annotations_json = "",
                     .pushed_at = at(0),
                     .pushed_by = "alice"};
}

}  // namespace entrepot::meta::testing
