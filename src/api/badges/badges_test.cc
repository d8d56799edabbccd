#include "api/badges/badges.h"

#include <gtest/gtest.h>

#include "access/testing/scripted_policy.h"
#include "api/badges/line.h"
#include "api/badges/picture.h"
#include "auth/testing/scripted_authenticator.h"
#include "http/server/testing/request.h"
#include "registry/testing/world.h"

namespace entrepot::api::badges {
namespace {

using access::Decision;
using http::server::testing::Headers;
using http::server::testing::make_request;

constexpr std::string_view kConfig =
    R"({"os":"linux","architecture":"amd64","config":{"Labels":{)"
    R"("org.opencontainers.image.revision":"0123456789abcdef","org.label-schema.license":"MIT"}}})";

class BadgesTest : public ::testing::Test {
 protected:
  struct Answer {
    int status = 0;
    std::string body;
    Headers headers;
    friend bool operator==(const Answer&, const Answer&) = default;
  };

  Answer ask(std::string_view path, const Headers& headers = {}, std::string_view method = "GET") {
    const auto request = make_request(method, path, headers);
    auto response = badges.answer_from_memory(request);
    if (!response) response = std::get<http::Response>(badges.handle(world.context, request));
    badges.dress(&request, *response);
    const auto* bytes = response->body.bytes();
    return {response->status, bytes == nullptr || *bytes == nullptr ? "" : **bytes,
            response->headers};
  }
  std::string says(const std::string& path) {
    const std::string body = ask("/badges/" + path).body;
    const std::size_t end = body.rfind("</text>");
    return body.substr(body.rfind('>', end - 1) + 1, end - body.rfind('>', end - 1) - 1);
  }
  oci::Digest push(const std::vector<std::string>& tags, std::string_view config = kConfig) {
    const auto bytes = registry::testing::World::image(
        world.push_blob("team/app", std::string(config)),
        {world.push_blob("team/app", "one"), world.push_blob("team/app", std::string(5998, 'x'))});
    return world.push("team/app", tags, bytes).value().digest;
  }

  registry::testing::World world;
  access::testing::ScriptedPolicy policy;
  auth::testing::ScriptedAuthenticator authenticator;
  Gate gate{authenticator, policy, world.clock};
  http::MemoryAccount account{128u << 20, world.metrics};
  Badges badges{{gate, account}, {world.puller, world.stores.meta}, ""};
};

TEST_F(BadgesTest, EachSaysItsOwn) {
  push({"latest", "1.10.0", "1.10"});
  EXPECT_EQ(says("image/team/app.svg"), "6.001kB | 2 layers");
  EXPECT_EQ(says("version/team/app.svg"), "1.10.0");
  EXPECT_EQ(says("version/team/app:1.10.svg"), "1.10");
  EXPECT_EQ(says("commit/team/app:1.10.svg"), "0123456");
  EXPECT_EQ(says("license/team%2Fapp.svg"), "MIT");
  EXPECT_EQ(says("pushed/team/app.svg"), to_rfc3339(world.clock.wall()).substr(0, 10));
}

// The one that is pulled without saying which; without a `latest`, the newest.
TEST_F(BadgesTest, WithoutATagItIsTheOneThatIsMeant) {
  push({"2"});
  world.clock.advance(std::chrono::hours(24));
  push({"1"}, R"({"config":{"Labels":{"org.opencontainers.image.licenses":"BSD"}}})");
  EXPECT_EQ(says("license/team/app.svg"), "BSD");
  EXPECT_EQ(says("license/team/app:2.svg"), "MIT");
  push({"latest"});
  EXPECT_EQ(says("license/team/app.svg"), "MIT") << "as soon as it is pushed";
}

TEST_F(BadgesTest, AnnotationsCountBeforeLabels) {
  const auto config = world.push_blob("team/app", std::string(kConfig));
  auto bytes = registry::testing::World::image(config, {});
  bytes.insert(bytes.rfind('}'),
               R"(,"annotations":{"org.opencontainers.image.revision":"fedcba9876543210"})");
  ASSERT_OK(world.push("team/app", {"latest"}, bytes));
  EXPECT_EQ(says("commit/team/app.svg"), "fedcba9");
  EXPECT_EQ(says("license/team/app.svg"), "MIT");
}

TEST_F(BadgesTest, WhatIsNotThereIsOnePicture) {
  push({"latest"}, "{}");
  const Answer unknown = ask("/badges/image/team/none.svg");
  EXPECT_EQ(unknown.status, 200);
  EXPECT_NE(unknown.body.find(">not found<"), std::string::npos);
  for (const char* path :
       {"version/none.svg", "image/team/app:none.svg", "license/team/app.svg",
        "commit/team/app.svg", "image/Team/App.svg", "pushed/a/b/c/d.svg", "image/team/app:.svg",
        "image/.svg", "image/team/app:a:b.svg", "image/..%2Fteam.svg"}) {
    EXPECT_EQ(ask(std::string("/badges/") + path), unknown) << path;
  }
}

// S72: an answer tells nothing of what may not be seen.
TEST_F(BadgesTest, WhatMayNotBeSeenIsNotThere) {
  push({"latest", "v1"});
  const Answer unknown = ask("/badges/image/team/none.svg");
  authenticator.subjects.emplace("Basic YTpi",
                                 access::Subject(access::SubjectKind::User, 1, "alice"));
  policy.judge = [](const access::Question& question) {
    return question.subject.name() == "alice" ? Decision::Verdict::Allowed
                                              : Decision::Verdict::Unauthenticated;
  };
  for (const bool from_memory : {true, false}) {
    policy.knows_from_memory = from_memory;
    for (const char* kind : {"image", "version", "commit", "license", "pushed"}) {
      for (const char* name : {"team/app", "team/app:v1", "team/app:none"}) {
        const std::string path = fmt::format("/badges/{}/{}.svg", kind, name);
        EXPECT_EQ(ask(path), unknown) << path;
        EXPECT_EQ(ask(path, {{"Cookie", "entrepot-http-80=ses_x"}}), unknown);
        EXPECT_EQ(ask(path, {{"Authorization", "Basic eDp5"}}), unknown);
        EXPECT_EQ(ask(path, {{"If-None-Match", "*"}, {"Range", "bytes=0-1"}}), unknown);
      }
    }
    EXPECT_NE(ask("/badges/image/team/app.svg", {{"Authorization", "Basic YTpi"}}), unknown);
  }
}

TEST_F(BadgesTest, WhileNobodyCanSayItIsNoPicture) {
  policy.knows_from_memory = false;
  policy.is_away = true;
  EXPECT_EQ(ask("/badges/image/team/app.svg").status, 503);
}

TEST_F(BadgesTest, OnlyBadgesAreRead) {
  push({"latest"});
  for (const char* path : {"/badges", "/badges/", "/badges/image/team/app", "/badges/other/a.svg",
                           "/badges/image.svg", "/badges/image/%zz.svg", "/badges/.svg"}) {
    EXPECT_EQ(ask(path).status, 404) << path;
  }
  EXPECT_EQ(ask("/badges/image/team/app.svg", {}, "HEAD"), ask("/badges/image/team/app.svg"));
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
    EXPECT_EQ(ask("/badges/image/team/app.svg", {}, method).status, 405) << method;
  }
}

TEST_F(BadgesTest, EveryAnswerIsGuarded) {
  for (const char* path : {"/badges/image/a.svg", "/badges/none", "/badges/image/%zz.svg"}) {
    const Answer answer = ask(path);
    std::map<std::string, std::string> headers(answer.headers.begin(), answer.headers.end());
    EXPECT_EQ(headers["Cache-Control"], "no-cache");
    EXPECT_EQ(headers["Content-Security-Policy"],
              "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    EXPECT_EQ(headers["X-Content-Type-Options"], "nosniff");
  }
}

TEST_F(BadgesTest, AnIndexSpeaksOfTheImageThatMostPeoplePull) {
  const auto child = push({"x"});
  const auto index = fmt::format(
      R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{{"mediaType":"{}","digest":"{}","size":{},)"
      R"("platform":{{"os":"linux","architecture":"amd64"}}}}]}})",
      oci::media_type::kOciIndex, oci::media_type::kOciManifest, child.to_string(),
      registry::testing::Sizes::of(child.to_string()));
  ASSERT_OK(world.push("team/app", {"latest"}, index));
  EXPECT_EQ(says("image/team/app.svg"), "6.001kB | 2 layers");
  EXPECT_EQ(says("commit/team/app.svg"), "0123456");
  EXPECT_EQ(says("version/team/app.svg"), "latest");
}

TEST(PictureTest, TextStaysText) {
  const std::string svg = draw("a<b", "</text><script>alert('1')</script>\"&\x01\xFF\u202E");
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_EQ(svg.find('\x01'), std::string::npos);
  EXPECT_EQ(svg.find("\u202E"), std::string::npos);
  EXPECT_NE(svg.find("&lt;/text&gt;&lt;script&gt;alert(&#39;1&#39;)"), std::string::npos);
  EXPECT_NE(svg.find("&quot;&amp;\uFFFD\uFFFD\uFFFD<"), std::string::npos);
}

TEST(PictureTest, LongTextsAreCut) {
  for (const std::string& piece : {std::string("x"), std::string("<"), std::string("层")}) {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += piece;
    const std::string svg = draw("image", text);
    EXPECT_LT(svg.size(), 2000u) << piece;
    EXPECT_NE(svg.find("…</text>"), std::string::npos) << piece;
  }
}

TEST(LineTest, SizesAreThoseOfDocker) {
  EXPECT_EQ(human_size(0), "0B");
  EXPECT_EQ(human_size(999), "999B");
  EXPECT_EQ(human_size(1000), "1kB");
  EXPECT_EQ(human_size(5'900'000), "5.9MB");
  EXPECT_EQ(human_size(5'898'342), "5.898MB");
  EXPECT_EQ(human_size(123'456'789), "123.5MB");
  EXPECT_EQ(human_size(999'999), "1000kB");
  EXPECT_EQ(human_size(UINT64_MAX), "18.45EB");
}

}  // namespace
}  // namespace entrepot::api::badges
