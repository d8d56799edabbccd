#include "base/testing/assert_ok.h"
#include "oci/manifest.h"
#include "oci/testing/manifest_text.h"

namespace entrepot::oci {
namespace {

using testing::descriptor_text;
using testing::image_text;
using testing::index_text;

// What is refused, and the words that the message must have so that a person can mend it.
struct Refusal {
  std::string text;
  std::string_view says;
};

void expect_refused(std::string_view content_type, const std::vector<Refusal>& refusals) {
  for (const auto& [text, says] : refusals) {
    const auto manifest = parse_manifest(text, content_type);
    const std::string shown = text.substr(0, 300);
    ASSERT_FAILS(InvalidArgument, manifest) << shown;
    EXPECT_NE(manifest.error().message.find(says), std::string::npos)
        << shown << "\nsays: " << manifest.error().message;
    EXPECT_LT(manifest.error().message.size(), 500u) << "repeats the whole input";
  }
}

std::string config_text() { return descriptor_text("application/vnd.oci.image.config.v1+json"); }

// A descriptor whose members are given as text.
std::string descriptor_with(std::string_view type, std::string_view digest, std::string_view size) {
  return fmt::format(R"({{"mediaType":{},"digest":{},"size":{}}})", type, digest, size);
}

std::string layer_with(std::string_view digest, std::string_view size) {
  return image_text(config_text(),
                    descriptor_text("x/y") + "," + descriptor_with("\"x/y\"", digest, size));
}

const std::string kGoodDigest = "\"" + Digest::of("x").to_string() + "\"";

TEST(ParseManifest, RefusesWhatIsNotJson) {
  const std::string image = image_text(config_text(), "");
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  expect_refused(media_type::kOciManifest,
                 {
                     {"", "manifest: no bytes"},
                     {" ", "manifest: "},
                     {"{", "malformed JSON"},
                     {"nonsense", "malformed JSON"},
                     {image.substr(0, image.size() - 1), "malformed JSON"},
                     {image + "}", "malformed JSON"},
                     {image + image, "malformed JSON"},
                     {image + std::string(1, '\0'), "malformed JSON"},
                     {"\xef\xbb\xbf" + image, "malformed JSON"},
                     {std::string("\xff\xfe{\0}\0", 6), "manifest: "},
                     {R"({"schemaVersion":NaN})", "malformed JSON"},
                     {R"({"schemaVersion":Infinity})", "malformed JSON"},
                     {R"({"schemaVersion":02})", "a malformed number"},
                     {R"({"schemaVersion":02,"extra":1e999})", "a malformed number"},
                     {R"({"extra":123456789012345678901234567890x})", "malformed"},
                     {R"({"extra":1e999.5})", "malformed"},
                     {R"({"extra":1e})", "a malformed number"},
                     {R"({"extra":-})", "a malformed number"},
                     {R"({"extra":00000000000000000000000000000000})", "a malformed number"},
                     {R"({"schemaVersion":2,})", "malformed JSON"},
                     {R"({'schemaVersion':2})", "malformed JSON"},
                     {R"({"schemaVersion":2 /* two */})", "malformed JSON"},
                     {"{\"extra\":\"\xff\"}", "UTF-8"},
                     {"{\"extra\":\"\xed\xa0\x80\"}", "UTF-8"},
                     {R"({"extra":"\ud800"})", "a malformed string"},
                     {R"({"extra":"\udc00\ud800"})", "a malformed string"},
                     {R"({"extra":"\x"})", "a malformed string"},
                     {"{\"extra\":\"\n\"}", "a malformed string"},
                     {R"({"extra":")" + image, "malformed"},
                     {deep, "nested too deeply"},
                     {image_text(config_text(), "", ",\"extra\":" + deep), "nested too deeply"},
                     {"[]", "manifest: not a JSON object"},
                     {"null", "manifest: not a JSON object"},
                     {"\"text\"", "manifest: not a JSON object"},
                 });
}

// One set of bytes must not be an image to one reader and an index to another (CVE-2021-41190).
TEST(ParseManifest, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::string child = descriptor_text(media_type::kOciManifest);
  const std::string bare_index = R"({"schemaVersion":2,"manifests":[]})";
  const std::string bare_image =
      fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[]}})", config_text());
  expect_refused(
      media_type::kOciManifest,
      {
          {image_text(config_text(), "", ",\"manifests\":[" + child + "]"), "manifests: "},
          {image_text(config_text(), "", ",\"manifests\":[]"), "manifests: "},
          {index_text(child), "mediaType: is \"application/vnd.oci.image.index.v1+json\""},
          {bare_index, "manifests: "},
          {image_text(config_text(), "", ",\"layers\":[]"), "layers: is there twice"},
          {image_text(config_text(), "", ",\"config\":null"), "config: is there twice"},
          {image_text(config_text(), "", ",\"Layers\":[]"), "layers: written in other letters"},
          {image_text(config_text(), "", ",\"MANIFESTS\":[]"), "manifests: written in"},
          {image_text(config_text(), "", ",\"manife\u017fts\":[]"), "manifests: written in"},
          {image_text(config_text(), "", ",\"\\u0053ubject\":{}"), "subject: written in"},
          {image_text(config_text(), "", R"(,"schemaVersion":2)"), "schemaVersion: is there"},
          {image_text(config_text(), "", R"(,"mediaType":"x/y")"), "mediaType: is there twice"},
          {image_text(config_text(), "", R"(,"annotations":{"a":"b","a":"c"})"),
           "annotations: \"a\" is there twice"},
          {image_text(config_text(), "", R"(,"artifactType":"a/b","artifactType":"c/d")"),
           "artifactType: is there twice"},
      });
  expect_refused(media_type::kOciIndex,
                 {
                     {image_text(config_text(), ""), "mediaType: is "},
                     {bare_image, "config: an index has none"},
                     {index_text(child, ",\"layers\":[]"), "layers: an index has none"},
                     {index_text("", ",\"config\":" + config_text()), "config: an index has none"},
                 });
  for (const std::string_view field :
       {"mediaType", "digest", "size", "urls", "annotations", "artifactType", "platform", "data"}) {
    const std::string twice = fmt::format(R"(,"{}":null,"{}":null)", field, field);
    const std::string says = fmt::format("layers[0].{}: is there twice", field);
    expect_refused(media_type::kOciManifest,
                   {{image_text(config_text(), descriptor_text("x/y", "x", twice)), says}});
  }
}

TEST(ParseManifest, RefusesSizesThatAreNotWholeNumbers) {
  constexpr std::string_view kSays = "layers[1].size: not an integer";
  std::vector<Refusal> refusals;
  for (const std::string_view size :
       {"-1", "9223372036854775808", "18446744073709551615", "1.0", "1e3", "1E0", "0.5", "\"1\"",
        "true", "[1]", "{}", "-9223372036854775808", "18446744073709551616", "1e400",
        "123456789012345678901234567890"}) {
    refusals.push_back({layer_with(kGoodDigest, size), kSays});
  }
  refusals.push_back({layer_with(kGoodDigest, "null"), "layers[1].size: is missing"});
  expect_refused(media_type::kOciManifest, refusals);
}

TEST(ParseManifest, RefusesMalformedDigests) {
  constexpr std::string_view kSays = "layers[1].digest: ";
  std::vector<Refusal> refusals;
  for (const std::string_view digest :
       {"\"\"", "\"sha256:\"", "\"sha256:../../x\"", "1",
        "\"md5:d41d8cd98f00b204e9800998ecf8427e\"", "[]", "null", "\"sha256:\\u0000\""}) {
    refusals.push_back({layer_with(digest, "1"), kSays});
  }
  refusals.push_back(
      {layer_with("\"blake3:" + std::string(64, 'a') + "\"", "1"), "sha256 and sha512 are"});
  expect_refused(media_type::kOciManifest, refusals);
}

TEST(ParseManifest, NamesThePlaceOfWhatIsWrong) {
  const auto image = [](const std::string& more) { return image_text(config_text(), "", more); };
  const auto layer = [](std::string_view more) {
    return image_text(config_text(), descriptor_text("x/y", "x", more));
  };
  const std::string no_type = R"({"digest":)" + kGoodDigest + R"(,"size":1})";
  expect_refused(
      media_type::kOciManifest,
      {
          {R"({"schemaVersion":2})", "config: is missing"},
          {image_text("null", ""), "config: is missing"},
          {image_text("[]", ""), "config: not a JSON object"},
          {image_text(no_type, ""), "config.mediaType: is missing"},
          {image_text(descriptor_with("null", kGoodDigest, "1"), ""),
           "config.mediaType: is missing"},
          {image_text(descriptor_with("\"\"", kGoodDigest, "1"), ""), "config.mediaType: not a"},
          {image_text(descriptor_with("\"a\\nb\"", kGoodDigest, "1"), ""), "config.mediaType: not"},
          {image_text(descriptor_with("7", kGoodDigest, "1"), ""),
           "config.mediaType: not a string"},
          {image_text(config_text(), "1"), "layers[0]: not a JSON object"},
          {image_text(config_text(), config_text() + ",null"), "layers[1]: not a JSON object"},
          {image(R"(,"subject":{})"), "subject.mediaType: is missing"},
          {image(R"(,"subject":"x")"), "subject: not a JSON object"},
          {image(R"(,"annotations":[])"), "annotations: not an object of strings"},
          {image(R"(,"annotations":{"a":1})"), "annotations: \"a\" is not a string"},
          {image(R"(,"artifactType":1)"), "artifactType: not a string"},
          {image(R"(,"artifactType":"é")"), "artifactType: not a media type"},
          {layer(R"(,"urls":"x")"), "layers[0].urls: not a list of strings"},
          {layer(R"(,"urls":[1])"), "layers[0].urls: not a string"},
          {layer(R"(,"annotations":{"a":null})"), "layers[0].annotations: \"a\" is not"},
          {layer(R"(,"platform":"linux")"), "layers[0].platform: not a JSON object"},
          {layer(R"(,"platform":{"os":1})"), "layers[0].platform.os: not a string"},
          {layer(R"(,"data":{})"), "layers[0].data: not a string"},
          {R"({"schemaVersion":2,"config":1,"layers":{}})", "config: not a JSON object"},
      });
  expect_refused(media_type::kOciIndex,
                 {
                     {R"({"schemaVersion":2})", "manifests: is missing"},
                     {R"({"schemaVersion":2,"manifests":{}})", "manifests: not a list"},
                     {index_text("{}"), "manifests[0].mediaType: is missing"},
                 });
}

TEST(ParseManifest, RefusesOtherSchemaVersions) {
  for (const std::string_view version :
       {"0", "3", "\"2\"", "2.0", "null", "true", "2e0", "2e999", "22222222222222222222"}) {
    expect_refused(media_type::kOciIndex,
                   {{fmt::format(R"({{"schemaVersion":{},"manifests":[]}})", version),
                     "schemaVersion: must be the number 2"}});
  }
  expect_refused(media_type::kOciIndex, {{R"({"manifests":[]})", "schemaVersion: must be"}});
}

TEST(ParseManifest, RefusesOtherContentTypes) {
  const std::string image = image_text(config_text(), "");
  for (const std::string_view type :
       {"application/json", "text/plain", "application/vnd.oci.artifact.manifest.v1+json",
        "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.manifest.v2+json",
        "*/*", ",", "application/vnd.oci.image.manifest.v1+json, x/y"}) {
    expect_refused(type, {{image, media_type::kOciManifest}});
  }
  expect_refused("", {{R"({"schemaVersion":2,"manifests":[]})", "neither a Content-Type nor"},
                      {R"({"schemaVersion":2,"mediaType":"x/y"})", "media type \"x/y\" is not one"},
                      {R"({"schemaVersion":2,"mediaType":2})", "mediaType: not a string"}});
}

// The Docker types say that a manifest names its own type; registries refuse it otherwise.
TEST(ParseManifest, DockerManifestsNameTheirType) {
  for (const std::string_view none : {"", R"("mediaType":null,)"}) {
    const std::string bare =
        fmt::format(R"({{"schemaVersion":2,{}"config":{}}})", none, config_text());
    expect_refused(media_type::kDockerManifest, {{bare, "mediaType: is missing"}});
  }
  expect_refused(media_type::kDockerList,
                 {{R"({"schemaVersion":2,"manifests":[]})", "mediaType: is missing"}});
}

TEST(ParseManifest, Schema1IsUnsupportedWithAdvice) {
  constexpr std::string_view kSigned = "application/vnd.docker.distribution.manifest.v1+prettyjws";
  const std::string body = R"({"schemaVersion":1,"name":"x","tag":"y","fsLayers":[]})";
  const std::pair<std::string, std::string_view> cases[] = {
      {body, kSigned},
      {body, "application/vnd.docker.distribution.manifest.v1+json"},
      {body, media_type::kOciManifest},
      {body, media_type::kDockerManifest},
      {body, ""},
      {R"({"schemaVersion":1})", media_type::kOciIndex},
      {image_text(config_text(), ""), kSigned},
  };
  for (const auto& [text, type] : cases) {
    const auto manifest = parse_manifest(text, type);
    ASSERT_FAILS(Unsupported, manifest) << text << " as " << type;
    EXPECT_NE(manifest.error().message.find("push the image again"), std::string::npos);
  }
}

TEST(ParseManifest, MoreThanTheLimitIsTooLarge) {
  const std::string image = image_text(config_text(), "");
  const std::string largest = image + std::string(kMaxManifestBytes - image.size(), ' ');
  EXPECT_OK(parse_manifest(largest, media_type::kOciManifest));
  EXPECT_FAILS(TooLarge, parse_manifest(largest + " ", media_type::kOciManifest));
}

}  // namespace
}  // namespace entrepot::oci
