#include "base/testing/assert_ok.h"
#include "oci/manifest.h"
#include "oci/testing/manifest_text.h"

namespace entrepot::oci {
namespace {

Descriptor descriptor() {
  return {.media_type = std::string(media_type::kOciManifest),
          .digest = Digest::of("x"),
          .size_bytes = 7,
          .artifact_type = {},
          .annotations = {},
          .urls = {},
          .platform = {}};
}

TEST(RenderIndex, EmptyListIsAListNotNull) {
  EXPECT_EQ(render_index({}),
            R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",)"
            R"("manifests":[]})");
}

TEST(RenderIndex, LeavesOutWhatADescriptorLacks) {
  EXPECT_EQ(render_index({descriptor()}),
            R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",)"
            R"("manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
                Digest::of("x").to_string() + R"(","size":7}]})");
}

TEST(RenderIndex, ParsesBackToTheSame) {
  Descriptor full = descriptor();
  full.size_bytes = (1ull << 63) - 1;
  full.artifact_type = "application/vnd.example+json";
  full.annotations = {{"a \"quoted\" key", "line\nbreak \\ \u00e9 \U0001f600"}, {"", ""}};
  full.urls = {"https://example.com/a?b=c&d", ""};
  full.platform = Platform{.os = "linux", .architecture = "arm", .variant = "v7"};
  const auto index = parse_manifest(render_index({descriptor(), full}), media_type::kOciIndex);
  ASSERT_OK(index);
  ASSERT_EQ(index->manifests.size(), 2u);
  const Descriptor& back = index->manifests[1];
  EXPECT_EQ(back.digest, full.digest);
  EXPECT_EQ(back.size_bytes, full.size_bytes);
  EXPECT_EQ(back.artifact_type, full.artifact_type);
  EXPECT_EQ(back.annotations, full.annotations);
  EXPECT_EQ(back.urls, full.urls);
  EXPECT_EQ(testing::held(back.platform).variant, "v7");
}

TEST(Annotations, GoBothWays) {
  const Annotations cases[] = {
      {}, {{"k", "v"}}, {{"\"", "\\"}, {"\n", std::string("\0\x1f\x7f", 3)}, {"é", "\U0001f600"}}};
  for (const Annotations& annotations : cases) {
    const auto back = annotations_from_json(to_json(annotations));
    ASSERT_OK(back);
    EXPECT_EQ(*back, annotations);
  }
  EXPECT_EQ(to_json({}), "{}");
}

TEST(Annotations, NoBytesMeanNone) {
  const auto none = annotations_from_json("");
  ASSERT_OK(none);
  EXPECT_TRUE(none->empty());
}

TEST(Annotations, DamagedOnesAreCorrupt) {
  for (const std::string_view json : {"{", "[]", "null", R"({"a":1})", R"({"a":"b","a":"c"})"}) {
    EXPECT_FAILS(Corrupt, annotations_from_json(json)) << json;
  }
}

TEST(ReferrersTag, CutsTheHashAfter64Digits) {
  EXPECT_EQ(referrers_tag(Digest::from_hash(HashAlgorithm::Sha256, Bytes(32, '\x11'))),
            "sha256-" + std::string(64, '1'));
  const std::string of_sha512 =
      referrers_tag(Digest::from_hash(HashAlgorithm::Sha512, Bytes(64, '\x22')));
  EXPECT_EQ(of_sha512, "sha512-" + std::string(64, '2'));
}

TEST(MediaType, TellsSchema1AndNondistributable) {
  EXPECT_TRUE(media_type::is_schema1("application/vnd.docker.distribution.manifest.v1+json"));
  EXPECT_TRUE(media_type::is_schema1("application/vnd.docker.distribution.manifest.v1+prettyjws"));
  EXPECT_FALSE(media_type::is_schema1(media_type::kDockerManifest));

  for (const std::string_view type :
       {"application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}) {
    EXPECT_TRUE(media_type::is_nondistributable(type)) << type;
  }
  for (const std::string_view type : {"application/vnd.oci.image.layer.v1.tar+gzip", "",
                                      "application/vnd.docker.image.rootfs.foreign.diff.tarball",
                                      "application/vnd.docker.image.rootfs.diff.tar.gzip"}) {
    EXPECT_FALSE(media_type::is_nondistributable(type)) << type;
  }
}

}  // namespace
}  // namespace entrepot::oci
