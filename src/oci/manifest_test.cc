#include "oci/manifest.h"

#include <ctime>

#include "base/testing/assert_ok.h"
#include "oci/testing/manifest_text.h"

namespace entrepot::oci {
namespace {

using testing::descriptor_text;
using testing::held;
using testing::image_text;
using testing::index_text;

constexpr std::string_view kConfigType = "application/vnd.oci.image.config.v1+json";
constexpr std::string_view kLayerType = "application/vnd.oci.image.layer.v1.tar+gzip";

std::string config_text() { return descriptor_text(kConfigType, "config"); }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(ParseManifest, ReadsAnImage) {
  const std::string layers = descriptor_text(kLayerType, "layer one") + "," +
                             descriptor_text(kLayerType, "layer two",
                                             R"(,"annotations":{"a":"b"},"urls":["https://x/y"])");
  const auto image =
      parse_manifest(image_text(config_text(), layers, R"(,"annotations":{"k":"v","":""})"),
                     media_type::kOciManifest);
  ASSERT_OK(image);
  EXPECT_EQ(image->kind, ManifestKind::Image);
  EXPECT_EQ(image->media_type, media_type::kOciManifest);
  EXPECT_EQ(image->artifact_type, kConfigType);
  EXPECT_EQ(held(image->config).digest, Digest::of("config"));
  EXPECT_EQ(held(image->config).size_bytes, 6u);
  ASSERT_EQ(image->layers.size(), 2u);
  EXPECT_EQ(image->layers[0].media_type, kLayerType);
  EXPECT_EQ(image->layers[1].digest, Digest::of("layer two"));
  EXPECT_EQ(image->layers[1].annotations, (Annotations{{"a", "b"}}));
  EXPECT_EQ(image->layers[1].urls, std::vector<std::string>{"https://x/y"});
  EXPECT_EQ(image->annotations, (Annotations{{"k", "v"}, {"", ""}}));
  EXPECT_FALSE(image->subject);
  EXPECT_TRUE(image->manifests.empty());
}

TEST(ParseManifest, ReadsAnIndex) {
  const std::string children =
      descriptor_text(media_type::kOciManifest, "arm",
                      R"(,"platform":{"architecture":"arm","os":"linux","variant":"v7",)"
                      R"("os.version":"10","os.features":["x"]})") +
      "," + descriptor_text(media_type::kOciIndex, "nested", R"(,"artifactType":"a/b")");
  const auto index = parse_manifest(index_text(children), media_type::kOciIndex);
  ASSERT_OK(index);
  EXPECT_EQ(index->kind, ManifestKind::Index);
  EXPECT_EQ(index->artifact_type, "");
  ASSERT_EQ(index->manifests.size(), 2u);
  const Platform& platform = held(index->manifests[0].platform);
  EXPECT_EQ(platform.os, "linux");
  EXPECT_EQ(platform.architecture, "arm");
  EXPECT_EQ(platform.variant, "v7");
  EXPECT_EQ(index->manifests[1].artifact_type, "a/b");
  EXPECT_FALSE(index->manifests[1].platform);
}

// What referrers list: the manifest's own type, else the config's; an index has only its own.
TEST(ParseManifest, ArtifactTypeIsItsOwnElseTheConfigs) {
  const std::string subject = ",\"subject\":" + descriptor_text(media_type::kOciManifest, "base");
  const auto type_of = [&](const std::string& text, std::string_view type) {
    const auto manifest = parse_manifest(text, type);
    EXPECT_OK(manifest);
    EXPECT_EQ(held(manifest->subject).digest, Digest::of("base"));
    return manifest->artifact_type;
  };
  const std::string own = subject + R"(,"artifactType":"application/vnd.example.sbom")";
  EXPECT_EQ(type_of(image_text(config_text(), "", subject), media_type::kOciManifest), kConfigType);
  EXPECT_EQ(type_of(image_text(config_text(), "", own), media_type::kOciManifest),
            "application/vnd.example.sbom");
  EXPECT_EQ(type_of(image_text(config_text(), "", subject + R"(,"artifactType":"")"),
                    media_type::kOciManifest),
            kConfigType);
  EXPECT_EQ(type_of(index_text("", subject), media_type::kOciIndex), "");
  EXPECT_EQ(type_of(index_text("", own), media_type::kOciIndex), "application/vnd.example.sbom");
}

// Odd, but legal: each must be stored.
TEST(ParseManifest, AcceptsUnusualShapes) {
  const std::string empty_config =
      fmt::format(R"({{"mediaType":"{}","digest":"{}","size":2,"data":"e30="}})",
                  media_type::kOciEmpty, Digest::of("{}").to_string());
  const std::string sha512 = fmt::format(R"({{"mediaType":"x/y","digest":"{}","size":0}})",
                                         Digest::of("", HashAlgorithm::Sha512).to_string());
  const std::string largest =
      fmt::format(R"({{"mediaType":"x/y","digest":"{}","size":9223372036854775807}})",
                  Digest::of("").to_string());
  const std::string foreign =
      descriptor_text("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "far",
                      R"(,"urls":["https://example.com/layer"])");
  const std::string plain = image_text(config_text(), "");
  const std::string cases[] = {
      plain,
      image_text(empty_config, ""),
      image_text(empty_config, empty_config, R"(,"artifactType":"application/vnd.example")"),
      image_text(sha512, sha512 + "," + sha512),
      image_text(config_text(), largest),
      image_text(config_text(), foreign),
      image_text(descriptor_text("anything/at all; v=1"), ""),
      replaced(plain, "\"layers\":[]", "\"layers\":null"),
      replaced(plain, ",\"layers\":[]", ""),
      replaced(plain, fmt::format(R"("mediaType":"{}",)", media_type::kOciManifest), ""),
      replaced(plain, fmt::format(R"("mediaType":"{}")", media_type::kOciManifest),
               R"("mediaType":null)"),
      image_text(config_text(), "", R"(,"subject":null,"annotations":null,"manifests":null)"),
      image_text(config_text(), "", R"(,"extra":{"a":[1.5e300,-0,"x",null,true]},"extra":2)"),
      image_text(config_text(), descriptor_text("x/y", "x", R"(,"extra":1,"urls":null)")),
      " \t\r\n" + plain + "\n",
      replaced(plain, "config\":", "\\u0063onfig\":"),
  };
  for (const std::string& text : cases) {
    EXPECT_OK(parse_manifest(text, media_type::kOciManifest)) << text;
  }
  for (const std::string& text : {index_text(""), replaced(index_text(""), "[]", "[ ]"),
                                  index_text(descriptor_text(kLayerType, "BuildKit cache"))}) {
    EXPECT_OK(parse_manifest(text, media_type::kOciIndex)) << text;
  }
}

TEST(ParseManifest, DockerTypesAreReadAlike) {
  const std::string image = replaced(image_text(config_text(), descriptor_text(kLayerType)),
                                     media_type::kOciManifest, media_type::kDockerManifest);
  const auto read = parse_manifest(image, media_type::kDockerManifest);
  ASSERT_OK(read);
  EXPECT_EQ(read->media_type, media_type::kDockerManifest);
  EXPECT_EQ(read->layers.size(), 1u);

  const std::string list = replaced(index_text(descriptor_text(media_type::kDockerManifest)),
                                    media_type::kOciIndex, media_type::kDockerList);
  const auto index = parse_manifest(list, media_type::kDockerList);
  ASSERT_OK(index);
  EXPECT_EQ(index->kind, ManifestKind::Index);
}

// Parameters and letter case of the header do not matter; what is kept is the type itself.
TEST(ParseManifest, ContentTypeMayCarryParametersOrBeAbsent) {
  const std::string image = image_text(config_text(), "");
  for (const std::string_view type : {"application/vnd.oci.image.manifest.v1+json; charset=utf-8",
                                      " application/vnd.oci.image.manifest.v1+json ;x=y", "",
                                      "Application/vnd.OCI.image.manifest.v1+JSON"}) {
    const auto manifest = parse_manifest(image, type);
    ASSERT_OK(manifest) << type;
    EXPECT_EQ(manifest->media_type, media_type::kOciManifest);
  }
}

// What Go's encoder writes for a list or a map that was never made.
TEST(ParseManifest, NullForAListOrAMapIsNone) {
  const std::string index = replaced(index_text(""), "[]", "null");
  ASSERT_OK(parse_manifest(index, media_type::kOciIndex));
  EXPECT_TRUE(parse_manifest(index, media_type::kOciIndex)->manifests.empty());
  const std::string list = replaced(index, media_type::kOciIndex, media_type::kDockerList);
  EXPECT_OK(parse_manifest(list, media_type::kDockerList));
  EXPECT_OK(parse_manifest(
      index_text(descriptor_text(media_type::kOciManifest, "x",
                                 R"(,"urls":null,"annotations":null,"platform":null)"),
                 R"(,"layers":null,"config":null,"annotations":null,"subject":null)"),
      media_type::kOciIndex));
}

// JSON has no largest number; what no type of ours holds matters only where somebody reads it.
TEST(ParseManifest, NumbersOfAnySizeMayStandWhereNobodyReadsThem) {
  for (const std::string& number :
       {std::string("123456789012345678901234567890"), std::string("-9223372036854775809"),
        std::string("18446744073709551616"), std::string("1e400"), std::string("-1.5E+99999"),
        "3." + std::string(2000, '1'), std::string(5000, '9'), std::string("0.1e-9999")}) {
    for (const std::string& value : {number, "[1," + number + "]", "{\"\\\"\":" + number + " }"}) {
      const std::string layer = descriptor_text(kLayerType, "x", ",\"extra\":" + value);
      const auto manifest = parse_manifest(
          image_text(config_text(), layer, ",\"x-serial\":" + value), media_type::kOciManifest);
      ASSERT_OK(manifest) << value.substr(0, 80);
      EXPECT_EQ(manifest->layers.at(0).size_bytes, 1u);
    }
  }
  const std::string largest =
      fmt::format(R"({{"mediaType":"x/y","digest":"{}","size":9223372036854775807}})",
                  Digest::of("").to_string());
  const auto beside =
      parse_manifest(image_text(config_text(), largest, ",\"x\":1e999"), media_type::kOciManifest);
  ASSERT_OK(beside);
  EXPECT_EQ(beside->layers.at(0).size_bytes, 9223372036854775807u);
}

// Of about so many bytes: descriptors, annotations, and numbers that nobody reads.
std::vector<std::string> costly_manifests(std::size_t bytes) {
  std::string layers = descriptor_text("x/y");
  while (layers.size() + 1000 < bytes) layers += "," + descriptor_text("x/y");
  std::string annotations;
  for (int i = 0; annotations.size() + 1000 < bytes; ++i) {
    annotations += fmt::format(R"({}"{}":"")", i == 0 ? "" : ",", i);
  }
  std::string unknown(bytes - 1000, ' ');
  for (std::size_t i = 0; i < unknown.size(); ++i) unknown[i] = i % 2 == 0 ? '1' : ',';
  unknown.back() = '1';
  return {image_text(config_text(), layers),
          image_text(config_text(), "", ",\"annotations\":{" + annotations + "}"),
          image_text(config_text(), "", ",\"extra\":[" + unknown + "]")};
}

// Processor time, so that a busy machine does not fail it, and of eight times as much to read: what
// is linear takes 8 times as long, what is quadratic 64 times.
TEST(ParseManifest, LargestManifestsAreReadInLinearTime) {
  const auto ticks = [](const std::string& text) {
    const std::clock_t before = std::clock();
    EXPECT_OK(parse_manifest(text, media_type::kOciManifest));
    return std::clock() - before;
  };
  const auto small = costly_manifests(kMaxManifestBytes / 8);
  const auto large = costly_manifests(kMaxManifestBytes);
  for (std::size_t i = 0; i < large.size(); ++i) {
    ASSERT_LE(large[i].size(), kMaxManifestBytes);
    EXPECT_LT(ticks(large[i]), 30 * std::max<std::clock_t>(ticks(small[i]), 1)) << i;
  }
}

}  // namespace
}  // namespace entrepot::oci
