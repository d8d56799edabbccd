#include "oci/manifest_at_rest.h"

#include <algorithm>

#include "base/testing/assert_ok.h"
#include "oci/testing/manifest_text.h"

namespace entrepot::oci {
namespace {

using testing::descriptor_text;
using testing::held;
using testing::image_text;
using testing::index_text;

constexpr std::string_view kLayerType = "application/vnd.oci.image.layer.v1.tar+gzip";

std::string config_text() {
  return descriptor_text("application/vnd.oci.image.config.v1+json", "config");
}

std::string digest_text(std::string_view seed) { return Digest::of(seed).to_string(); }

// "layer sha256:… 3", as they stand there; "?" for no size.
std::vector<std::string> named_by(const ManifestAtRest& manifest) {
  std::vector<std::string> all;
  for (const NamedDigest& named : manifest.named) {
    const char* const kinds[] = {"", "config", "layer", "child"};
    all.push_back(fmt::format("{} {} {}", kinds[static_cast<int>(named.kind)],
                              named.digest.to_string(),
                              named.size_bytes ? std::to_string(*named.size_bytes) : "?"));
  }
  return all;
}

std::string layer(std::string_view seed, std::string_view size) {
  return fmt::format("layer {} {}", digest_text(seed), size);
}

TEST(ReadManifestAtRest, FindsWhatTheStrictReaderFinds) {
  const std::string more =
      R"(,"artifactType":"a/b","annotations":{"k":"v","\u00e9":"\ud83d\ude00"},"subject":)" +
      descriptor_text(media_type::kOciManifest, "subject");
  for (const std::string& text :
       {image_text(config_text(), descriptor_text(kLayerType, "one"), more),
        image_text(config_text(), "", R"(,"blobs":[)" + descriptor_text("x/y", "ignored") + "]"),
        image_text(config_text(), descriptor_text(kLayerType, "x", R"(,"blobSum":"y","data":"")")),
        index_text(descriptor_text(media_type::kOciManifest, "one") + "," +
                       descriptor_text(kLayerType, "two"),
                   more)}) {
    const auto strict = parse_manifest(text, "");
    ASSERT_OK(strict);
    const auto found = read_manifest_at_rest(text);
    EXPECT_EQ(found.media_type, strict->media_type);
    EXPECT_EQ(found.artifact_type, strict->artifact_type);
    EXPECT_EQ(found.annotations, strict->annotations);
    EXPECT_EQ(found.subject.has_value(), strict->subject.has_value());
    if (found.subject) {
      EXPECT_EQ(*found.subject, held(strict->subject).digest);
    }
    EXPECT_TRUE(found.looks_like_one);
    std::vector<Descriptor> all = strict->layers;
    all.insert(all.end(), strict->manifests.begin(), strict->manifests.end());
    if (strict->config) all.insert(all.begin(), *strict->config);
    ASSERT_EQ(found.named.size(), all.size()) << text;
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(found.named[i].digest, all[i].digest);
      EXPECT_EQ(found.named[i].size_bytes, all[i].size_bytes);
      EXPECT_EQ(found.named[i].media_type, all[i].media_type);
    }
  }
}

// What the strict reader refuses, and what is named all the same.
TEST(ReadManifestAtRest, FindsDigestsWhereAStrictReaderGivesUp) {
  const std::string digest = digest_text("x");
  const auto with_layer = [](const std::string& text) {
    return fmt::format(R"({{"schemaVersion":2,"layers":[{}]}})", text);
  };
  const auto expect = [](const std::string& text, const std::string& size) {
    EXPECT_EQ(named_by(read_manifest_at_rest(text)), std::vector{layer("x", size)}) << text;
  };
  expect(with_layer(R"({"digest":")" + digest + "\"}"), "?");
  expect(with_layer(R"({"mediaType":null,"size":null,"digest":")" + digest + "\"}"), "?");
  expect(with_layer(R"({"size":"1","digest":")" + digest + "\"}"), "?");
  expect(with_layer(R"({"size":1.0,"digest":")" + digest + "\"}"), "?");
  expect(with_layer(R"({"size":-1,"digest":")" + digest + "\"}"), "?");
  expect(with_layer(R"({"size":18446744073709551616,"digest":")" + digest + "\"}"), "?");
  expect(with_layer(R"(null,7,"x",[],{"size":1,"digest":")" + digest + "\"},{}"), "1");
  expect(with_layer(descriptor_text("x/y", "x", R"(,"annotations":{"k":null},"urls":null)")), "1");
  expect(with_layer(descriptor_text("x/y", "x", R"(,"platform":[[["]"]]])")), "1");
  expect(R"({"Layers":[{"DIGEST":")" + digest + R"(","Size":1}]})", "1");
  expect(R"({"layers":{"digest":")" + digest + R"(","size":1}})", "1");
  expect(R"({"config":null,"manifests":null,"layers":[{"digest":")" + digest + R"("}]})", "?");
  expect("{\"a\":\"\xff\xed\xa0\x80\",\"b\":\"\\ud800\\q\",\"layers\":[{\"digest\":\"" + digest +
             "\"}]}",
         "?");
  expect("{\"a\":" + std::string(300'000, '[') + std::string(300'000, ']') +
             R"(,"layers":[{"digest":")" + digest + "\"}]}",
         "?");
  expect(R"({"layers":[{"digest":")" + digest + R"("}],"annotations":{"cut)", "?");
  expect(R"({"layers":[{"digest":")" + digest + R"("}]} and more)", "?");
  expect(R"({"fsLayers":[{"blobSum":")" + digest + R"("}],"schemaVersion":1})", "?");
  expect(R"({"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":[)" +
             descriptor_text("x/y", "x") + "]}",
         "1");
}

TEST(ReadManifestAtRest, BothOfTwoEqualKeysCount) {
  const std::string twice = fmt::format(
      R"({{"layers":[{{"digest":"{0}","digest":"{1}"}}],"layers":[{{"digest":"{2}"}}],"manifests":[{{"digest":"{3}"}}]}})",
      digest_text("a"), digest_text("b"), digest_text("c"), digest_text("d"));
  EXPECT_EQ(named_by(read_manifest_at_rest(twice)),
            (std::vector<std::string>{layer("a", "?"), layer("b", "?"), layer("c", "?"),
                                      "child " + digest_text("d") + " ?"}));
}

TEST(ReadManifestAtRest, SubjectAndAnnotationsAreThoseThatCanBeRead) {
  const auto found = read_manifest_at_rest(
      R"({"annotations":{"a":"b","c":null,"d":1,"e":{"f":"g"}},"subject":{"digest":")" +
      digest_text("s") + R"("},"artifactType":"x/y"})");
  EXPECT_EQ(found.annotations, (Annotations{{"a", "b"}}));
  EXPECT_EQ(held(found.subject), Digest::of("s"));
  EXPECT_EQ(found.artifact_type, "x/y");
  EXPECT_TRUE(found.named.empty());
}

TEST(ReadManifestAtRest, MediaTypeIsItsOwnElseFromItsShape) {
  const auto expect = [](std::string_view text, std::string_view type) {
    EXPECT_EQ(read_manifest_at_rest(text).media_type, type) << text;
  };
  expect(image_text(config_text(), ""), media_type::kOciManifest);
  expect(index_text(""), media_type::kOciIndex);
  expect(R"({"mediaType":"application/vnd.docker.distribution.manifest.v2+json"})",
         media_type::kDockerManifest);
  expect(R"({"mediaType":"application/vnd.example"})", "application/vnd.example");
  expect(R"({"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":null})",
         "application/vnd.oci.artifact.manifest.v1+json");
  expect(R"({"schemaVersion":2,"config":{}})", media_type::kOciManifest);
  expect(R"({"schemaVersion":2,"manifests":[]})", media_type::kOciIndex);
  expect(R"({"schemaVersion":2,"manifests":null})", media_type::kOciManifest);
  expect(R"({"schemaVersion":2,"mediaType":null,"config":{}})", media_type::kOciManifest);
  expect(R"({"schemaVersion":1,"name":"x","fsLayers":[],"signatures":[]})",
         media_type::kDockerSchema1);
  // A type that could break a header, and what is no manifest at all.
  expect(R"({"mediaType":"a\nb","manifests":[]})", media_type::kOciIndex);
  for (const std::string_view text : {"", "x", "[]", "{}", "\"", "{\"", R"({"mediaType":1})"}) {
    expect(text, media_type::kOciManifest);
  }
  EXPECT_EQ(read_manifest_at_rest("{}", "a/b").media_type, "a/b");
}

// As distribution decides whether a blob's bytes are a manifest.
TEST(ReadManifestAtRest, TellsManifestsFromOtherJson) {
  for (const std::string& text :
       {image_text(config_text(), ""), index_text(""),
        std::string(R"({"schemaVersion":2,"layers":null})"),
        std::string(R"({"schemaVersion":2,"manifests":[]})"),
        std::string(R"({"schemaVersion":1,"fsLayers":[]})"),
        std::string(R"({"mediaType":"application/vnd.oci.artifact.manifest.v1+json"})")}) {
    EXPECT_TRUE(read_manifest_at_rest(text).looks_like_one) << text;
  }
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("\x1f\x8b\x08"), std::string("[]"),
        std::string(R"({"architecture":"amd64","os":"linux","config":{},"rootfs":{}})"),
        std::string(R"({"schemaVersion":2,"mediaType":"application/vnd.example+json"})"),
        std::string(R"({"schemaVersion":2})"), image_text(config_text(), "").substr(0, 200)}) {
    EXPECT_FALSE(read_manifest_at_rest(text).looks_like_one) << text;
  }
}

}  // namespace
}  // namespace entrepot::oci
