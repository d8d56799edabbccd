#include "api/distribution/api.h"

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/distribution/testing/api_world.h"

namespace entrepot::api::distribution {
namespace {

using testing::Answer;
using testing::ApiWorld;

const std::string kBytes = "layer bytes";
const std::string kDigest = oci::Digest::of(kBytes).to_string();

TEST(DistributionApi, ReferencePageIsOfTheRoutesInTheirOrder) {
  std::ifstream page("docs/reference/http.md");
  std::vector<std::string> told;
  for (std::string line; std::getline(page, line);) {
    const auto path_ends = line.find("` |");
    if (line.starts_with("| ") && line.find("| `/v2") != std::string::npos) {
      told.push_back(line.substr(0, path_ends));
    }
  }
  std::vector<std::string> routes_there;
  for (const Route& route : routes()) {
    routes_there.push_back(fmt::format("| {} | `{}", http::list_of(route.methods), route.pattern));
  }
  EXPECT_EQ(told, routes_there);
}

TEST(DistributionApi, EveryRouteOfTheTableIsReachedAndNothingElse) {
  ApiWorld world;
  for (const Route& route : routes()) {
    std::string path(route.pattern);
    for (const auto& [placeholder, text] : {std::pair<std::string, std::string>{"<name>", "a/b"},
                                            {"<digest>", kDigest},
                                            {"<reference>", "latest"},
                                            {"<id>", "no-such-id"}}) {
      if (const auto at = path.find(placeholder); at != path.npos) {
        path.replace(at, placeholder.size(), text);
      }
    }
    const auto answer = world.ask("OPTIONS", path);
    EXPECT_EQ(answer.status, 405) << path;
    EXPECT_FALSE(answer.header("Allow").empty()) << path;
  }
  EXPECT_EQ(world.ask("GET", "/v2/a/b").status, 404);
  EXPECT_EQ(world.ask("GET", "/v2/a/b/elsewhere/c").status, 404);
}

TEST(DistributionApi, WholeBlobGoesInWithOneRequestAndComesOutAgain) {
  ApiWorld world;
  const auto pushed = world.ask("POST", "/v2/a/b/blobs/uploads/?digest=" + kDigest, {}, kBytes);
  EXPECT_EQ(pushed.status, 201);
  EXPECT_EQ(pushed.header("Location"), "/v2/a/b/blobs/" + kDigest);
  EXPECT_EQ(pushed.header("Docker-Content-Digest"), kDigest);
  const auto pulled = world.ask("GET", "/v2/a/b/blobs/" + kDigest);
  EXPECT_EQ(pulled.status, 200);
  EXPECT_EQ(pulled.body, kBytes);
  EXPECT_EQ(world.ask("GET", "/v2/other/blobs/" + kDigest).status, 404);
}

TEST(DistributionApi, ChunksGoOnWhereTheRangeSays) {
  ApiWorld world;
  auto answer = world.ask("POST", "/v2/a/blobs/uploads/");
  ASSERT_EQ(answer.status, 202);
  EXPECT_EQ(answer.header("Range"), "0-0");
  EXPECT_FALSE(answer.header("Docker-Upload-UUID").empty());
  const auto location = answer.header("Location");
  ASSERT_TRUE(location.starts_with("/v2/a/blobs/uploads/")) << location;

  answer =
      world.ask("PATCH", location, {{"Content-Range", "0-4"}, {"Content-Length", "5"}}, "layer");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.header("Range"), "0-4");

  answer = world.ask("PATCH", location, {{"Content-Range", "9-10"}, {"Content-Length", "2"}}, "xx");
  EXPECT_EQ(answer.status, 416);
  EXPECT_EQ(answer.header("Range"), "0-4");
  EXPECT_TRUE(answer.has_code("RANGE_INVALID"));

  answer = world.ask("GET", location);
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("Range"), "0-4");

  answer = world.ask("PUT", location + "&digest=" + kDigest,
                     {{"Content-Range", "5-10"}, {"Content-Length", "6"}}, " bytes");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(world.ask("GET", "/v2/a/blobs/" + kDigest).body, kBytes);
  EXPECT_EQ(world.ask("GET", location).status, 404) << "the session has ended";
}

// Nothing is written, so no thread that may wait is asked.
TEST(DistributionApi, AnUploadBeginsFromMemory) {
  ApiWorld world;
  const auto from_memory = [&](const std::string& target) {
    const auto request = http::server::testing::make_request(
        "POST", target, {}, http::server::testing::loopback_peer());
    return world.api.answer_from_memory(request).has_value();
  };
  EXPECT_TRUE(from_memory("/v2/a/blobs/uploads/"));
  EXPECT_FALSE(from_memory("/v2/a/blobs/uploads/?mount=" + kDigest));
  EXPECT_FALSE(from_memory("/v2/a/blobs/uploads/?digest=" + kDigest));
  EXPECT_FALSE(from_memory("/v2/a/blobs/uploads/?digest-algorithm=sha512"));
}

// A mount only saves an upload, so what makes it impossible refuses nothing.
TEST(DistributionApi, AMountThatCannotBeIsAnUpload) {
  ApiWorld world;
  world.world.push_blob("a", kBytes);
  EXPECT_EQ(world.ask("POST", "/v2/b/blobs/uploads/?mount=" + kDigest + "&from=a").status, 201);
  for (const std::string& query :
       {"?mount=" + kDigest + "&from=none", "?mount=" + kDigest + "&from=Upper",
        "?mount=" + kDigest + "&from=host:5000/a", "?mount=" + kDigest + "&from=%ff",
        "?mount=" + kDigest + "&from=" + std::string(300, 'a'), std::string("?mount=&from=a"),
        std::string("?mount=sha256:abc&from=a"), std::string("?mount=md5:00&from=a")}) {
    const auto answer = world.ask("POST", "/v2/c/blobs/uploads/" + query);
    EXPECT_EQ(answer.status, 202) << query;
    EXPECT_EQ(world.ask("PUT", answer.header("Location") + "&digest=" + kDigest, {}, kBytes).status,
              201)
        << query;
  }
}

TEST(DistributionApi, LocationsCannotBeForged) {
  ApiWorld world;
  const auto location = world.ask("POST", "/v2/a/blobs/uploads/").header("Location");
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string changed = location;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  EXPECT_EQ(world.ask("GET", with("/v2/a/", "/v2/b/")).status, 404);
  EXPECT_EQ(world.ask("GET", with("sha256", "sha512")).status, 404);
  EXPECT_EQ(world.ask("GET", location.substr(0, location.find('?'))).status, 404);
  EXPECT_EQ(world.ask("GET", location.substr(0, location.size() - 1)).status, 404);
  EXPECT_EQ(world.ask("GET", with("_state=", "_state=9")).status, 404);
  EXPECT_EQ(world.ask("GET", location).status, 204);
}

TEST(DistributionApi, ManifestPushAnswersWithSubjectAndTags) {
  ApiWorld world;
  const auto config = world.world.push_blob("a", "{}");
  const auto subject = oci::Digest::of("subject").to_string();
  const auto bytes = registry::testing::World::image(config, {}, subject);
  const auto digest = oci::Digest::of(bytes).to_string();
  const http::server::testing::Headers type = {
      {"Content-Type", std::string(oci::media_type::kOciManifest)}};
  auto answer = world.ask("PUT", "/v2/a/manifests/" + digest + "?tag=2&tag=2.1", type, bytes);
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.header("OCI-Subject"), subject);
  std::multiset<std::string> tags;
  for (const auto& [name, value] : answer.headers) {
    if (name == "OCI-Tag") tags.insert(value);
  }
  EXPECT_EQ(tags, (std::multiset<std::string>{"2", "2.1"}));

  answer = world.ask("GET", "/v2/a/manifests/2.1");
  EXPECT_EQ(answer.body, bytes);
  EXPECT_EQ(answer.header("Content-Type"), oci::media_type::kOciManifest);
  EXPECT_EQ(answer.header("ETag"), '"' + digest + '"');
  answer = world.ask("GET", "/v2/a/manifests/2.1", {{"If-None-Match", '"' + digest + '"'}});
  EXPECT_EQ(answer.status, 304);

  answer = world.ask("GET", "/v2/a/referrers/" + subject + "?artifactType=none");
  EXPECT_EQ(answer.header("OCI-Filters-Applied"), "artifactType");
  EXPECT_EQ(answer.body.find(digest), answer.body.npos);
  answer = world.ask("GET", "/v2/a/referrers/" + subject);
  EXPECT_NE(answer.body.find(digest), answer.body.npos);
}

TEST(DistributionApi, OnePushSetsAHundredTagsAtMost) {
  ApiWorld world;
  const auto bytes = registry::testing::World::image(world.world.push_blob("a", "{}"), {});
  const auto push = [&](int count) {
    std::string target = "/v2/a/manifests/" + oci::Digest::of(bytes).to_string() + "?x=";
    for (int i = 0; i < count; ++i) target += fmt::format("&tag=t{}", i);
    return world.ask("PUT", target, {{"Content-Type", std::string(oci::media_type::kOciManifest)}},
                     bytes);
  };
  EXPECT_EQ(push(101).status, 400);
  EXPECT_TRUE(push(101).has_code("TAG_INVALID"));
  EXPECT_EQ(world.ask("GET", "/v2/a/manifests/t0").status, 404);
  EXPECT_EQ(push(100).status, 201);
}

TEST(DistributionApi, PagesLeadToOneAnotherAndHoldEveryTagOnce) {
  ApiWorld world;
  world.world.push_image("a", "base", "layer");
  const auto bytes = world.world.pull("a", "base").value();
  std::set<std::string> expected = {"base"};
  for (const char* tag : {"1", "1.0", "1.0.1", "1-x", "A", "_", "b"}) {
    ASSERT_OK(world.world.push("a", {tag}, bytes));
    expected.insert(tag);
  }
  for (int n = 1; n <= 9; ++n) {
    std::string target = fmt::format("/v2/a/tags/list?n={}", n), all;
    std::set<std::string> seen;
    for (int page = 0; !target.empty() && page < 20; ++page) {
      const auto answer = world.ask("GET", target);
      const std::string list = answer.body.substr(answer.body.find('['));
      for (std::size_t at = 0; (at = list.find('"', at)) != list.npos;) {
        const auto end = list.find('"', at + 1);
        EXPECT_TRUE(seen.insert(list.substr(at + 1, end - at - 1)).second);
        at = end + 1;
      }
      const std::string link = answer.header("Link");
      target = link.empty() ? "" : link.substr(1, link.find('>') - 1);
    }
    EXPECT_EQ(seen, expected) << "n=" << n;
  }
}

TEST(DistributionApi, RefusesWhatMayNotBeDone) {
  ApiWorld no_deletes(access::OpenPolicy::Options{.deletes = false, .read_only = false});
  const auto digest = no_deletes.world.push_image("a", "1", "layer").to_string();
  for (const std::string& path :
       {std::string("/v2/a/manifests/1"), "/v2/a/manifests/" + digest, "/v2/a/blobs/" + kDigest}) {
    const auto answer = no_deletes.ask("DELETE", path);
    EXPECT_EQ(answer.status, 405) << path;
    EXPECT_TRUE(answer.has_code("UNSUPPORTED"));
  }
  EXPECT_EQ(no_deletes.ask("GET", "/v2/a/manifests/1").status, 200);

  ApiWorld world;
  auto stranger = http::server::testing::loopback_peer();
  stranger.loopback = false;
  stranger.address = "192.0.2.1";
  EXPECT_EQ(world.ask("GET", "/v2/", {}, "", stranger).status, 403);
  EXPECT_EQ(world.ask("GET", "/v2/", {{"X-Forwarded-For", "10.0.0.1"}}).status, 403);
  EXPECT_EQ(world.ask("GET", "/v2/", {{"Origin", "https://evil.example"}}).status, 403);
}

TEST(DistributionApi, LocationsAreAbsoluteWhenTheConfigurationSaysSo) {
  for (const bool from_request : {false, true}) {
    ApiWorld fixed({}, {.base = "https://registry.example.com/seen",
                        .from_request = from_request,
                        .prefix = "/behind"});
    EXPECT_TRUE(fixed.ask("POST", "/behind/v2/a/blobs/uploads/")
                    .header("Location")
                    .starts_with("https://registry.example.com/seen/v2/a/blobs/uploads/"));
    EXPECT_EQ(fixed.ask("GET", "/v2/").status, 404) << "outside of the prefix";
  }

  ApiWorld from_request({}, {.base = "", .from_request = true, .prefix = ""});
  EXPECT_TRUE(
      from_request.ask("POST", "/v2/a/blobs/uploads/").header("Location").starts_with("http://"));
}

// What a proxy says is for Location alone.
TEST(DistributionApi, LinksAreNotMadeFromTheRequest) {
  ApiWorld world({}, {.base = "", .from_request = true, .prefix = "/behind"});
  for (const char* name : {"a", "b"}) world.world.push_image(name, "latest", "layer");
  const auto page = world.ask("GET", "/behind/v2/_catalog?n=1");
  EXPECT_TRUE(page.header("Link").starts_with("</behind/v2/_catalog?")) << page.header("Link");
}

// What lies within is cut out by the server (http/server), where the store has files.
TEST(DistributionApi, ARangePastTheEndOfABlobIsRefused) {
  ApiWorld world;
  world.world.push_blob("a", kBytes);
  const auto path = "/v2/a/blobs/" + kDigest;
  EXPECT_EQ(world.ask("GET", path, {{"Range", "bytes=500-"}}).status, 416);
  EXPECT_EQ(world.ask("GET", path, {{"Range", "bytes=500-"}}).header("Content-Range"),
            fmt::format("bytes */{}", kBytes.size()));
}

// Suites of clients look for distribution's words, and for nothing else of a message.
TEST(Wire, MessagesBeginWithDistributionsWordsForTheCode) {
  const auto message = [](http::Response response) {
    const std::string body = **response.body.bytes();
    const std::string key = R"("message":")";
    const auto at = body.find(key) + key.size();
    return body.substr(at, body.find('"', at) - at);
  };
  const Error absent{ErrorCode::NotFound, "no a/b"};
  EXPECT_EQ(message(to_response(absent, About::Repository, "id")),
            "repository name not known to registry: no a/b");
  EXPECT_EQ(message(to_response(absent, About::Tag, "id")), "manifest unknown: no a/b");
  EXPECT_EQ(message(to_response(absent, About::Blob, "id")), "blob unknown to registry: no a/b");
  EXPECT_EQ(message(error_response(405, "UNSUPPORTED", "no")), "The operation is unsupported. no");
  EXPECT_EQ(message(error_response(507, "INSUFFICIENT_STORAGE", "full")), "full");
}

// A client that is told "full" or "busy" must not be told paths or causes of ours.
TEST(Wire, FaultsOfOursKeepTheirDetailsInTheLog) {
  for (const auto code :
       {ErrorCode::StorageFull, ErrorCode::Unavailable, ErrorCode::Internal, ErrorCode::Corrupt}) {
    const auto response = to_response({code, "secret path"}, About::Blob, "id");
    EXPECT_GE(response.status, code == ErrorCode::Corrupt ? 404 : 500);
    EXPECT_EQ((*response.body.bytes())->find("secret"), std::string::npos);
  }
  EXPECT_EQ(to_response({ErrorCode::StorageFull, ""}, About::Blob, "id").status, 507);
}

}  // namespace
}  // namespace entrepot::api::distribution
