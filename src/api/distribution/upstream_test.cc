#include "api/distribution/upstream.h"

#include <gtest/gtest.h>

#include "api/distribution/testing/api_world.h"

namespace entrepot::api::distribution {
namespace {

using registry::testing::World;
using testing::ApiWorld;

// "hub.test" is another registry; "elsewhere/…" is its, too. What it brings is pushed into the
// world.
class ScriptedUpstream final : public registry::UpstreamSource {
 public:
  Result<std::optional<std::string>> meant_by(std::string_view repository, std::string_view ns,
                                              bool is_pull) const override {
    if (ns == "unknown.test") return fail(ErrorCode::NotFound, "unknown.test is not mirrored");
    if (!ns.empty() || (is_pull && repository.starts_with("elsewhere/"))) {
      return std::optional("hub.test/" + std::string(repository));
    }
    return std::optional<std::string>();
  }
  bool has(std::string_view repository) const override {
    return repository.starts_with("hub.test/");
  }
  std::string_view at_front_of(std::string_view path) const override {
    return path.starts_with("/hub.test/v2/") ? "hub.test" : "";
  }
  std::optional<SteadyTime> fresh_until(std::string_view, std::string_view) const override {
    return until;
  }
  Executor& executor(std::string_view) override { return threads; }
  Result<Brought> bring(Context&, const oci::RepositoryName& repository,
                        const oci::Reference& reference) override {
    asked.push_back(repository.str() + " " + to_string(reference));
    if (error) return Failure(*error);
    if (arrives) arrives();
    return Brought{warning};
  }
  Result<registry::OpenBlob> blob(Context&, const oci::RepositoryName& repository,
                                  const oci::Digest& digest) override {
    asked.push_back(repository.str() + " " + digest.to_string());
    if (error) return Failure(*error);
    return registry::OpenBlob{5, Source(std::make_shared<const std::string>("layer"))};
  }
  Result<std::uint64_t> blob_size(Context&, const oci::RepositoryName& repository,
                                  const oci::Digest& digest) override {
    asked.push_back("size of " + repository.str() + " " + digest.to_string());
    if (error) return Failure(*error);
    return 5;
  }
  Result<std::vector<oci::Descriptor>> referrers(Context&, const oci::RepositoryName&,
                                                 const oci::Digest&) override {
    if (error) return Failure(*error);
    return theirs;
  }
  Result<registry::NamePage> tags(Context&, const oci::RepositoryName&, std::string_view,
                                  std::size_t) override {
    if (error) return Failure(*error);
    return registry::NamePage{{"1", "2"}, false};
  }

  std::optional<SteadyTime> until;
  std::optional<Error> error;
  std::string warning;
  std::function<void()> arrives;
  std::vector<std::string> asked;
  std::vector<oci::Descriptor> theirs;
  Executor threads{{.name = "upstream"}};
};

class UpstreamTest : public ::testing::Test {
 protected:
  // What bring() puts there.
  void have_image() {
    upstream.arrives = [this] { world.world.push_image("hub.test/a", "1", "layer"); };
  }
  static std::string digest() { return oci::Digest::of("layer").to_string(); }
  std::vector<std::string> asked() { return std::exchange(upstream.asked, {}); }

  ScriptedUpstream upstream;
  ApiWorld world{{}, {}, &upstream};
};

TEST_F(UpstreamTest, ATagIsBroughtAndThenToldFromMemory) {
  have_image();
  EXPECT_EQ(world.ask("GET", "/v2/hub.test/a/manifests/1").status, 200);
  EXPECT_EQ(asked(), std::vector<std::string>{"hub.test/a 1"});
  upstream.until = world.world.clock.steady() + std::chrono::seconds(60);
  upstream.arrives = nullptr;
  EXPECT_EQ(world.ask("GET", "/v2/hub.test/a/manifests/1").status, 200);
  EXPECT_EQ(asked(), std::vector<std::string>{});
  EXPECT_TRUE(world.world.puller.manifest_from_memory("hub.test/a", "1"));
  world.world.clock.advance(std::chrono::seconds(60));
  EXPECT_FALSE(world.world.puller.manifest_from_memory("hub.test/a", "1"));
}

TEST_F(UpstreamTest, ADigestThatIsHereAsksNobody) {
  const auto image = world.world.push_image("hub.test/a", "1", "layer").to_string();
  EXPECT_EQ(world.ask("GET", "/v2/hub.test/a/manifests/" + image).status, 200);
  EXPECT_EQ(world.ask("HEAD", "/v2/hub.test/a/blobs/" + digest()).status, 200);
  EXPECT_EQ(asked(), std::vector<std::string>{});
}

TEST_F(UpstreamTest, ADigestThatIsNotHereIsBrought) {
  const auto absent = oci::Digest::of("absent").to_string();
  EXPECT_EQ(world.ask("GET", "/v2/hub.test/a/manifests/" + absent).status, 404);
  EXPECT_EQ(asked(), std::vector<std::string>{"hub.test/a " + absent});
}

TEST_F(UpstreamTest, WhatMayBeOldSaysSoAndIsNotRemembered) {
  have_image();
  upstream.warning = "no answer from \"hub\"";
  for (int i = 0; i < 2; ++i) {
    const auto answer = world.ask("HEAD", "/v2/hub.test/a/manifests/1");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("Warning"), "299 - \"this may be old: no answer from 'hub'\"");
    EXPECT_EQ(asked().size(), 1u);
  }
}

// Clients go on to the next place they know at once, which after a 429 or a 404 they do not.
TEST_F(UpstreamTest, AFaultIsUnavailable) {
  for (const ErrorCode code :
       {ErrorCode::Unavailable, ErrorCode::Timeout, ErrorCode::RateLimited}) {
    upstream.error = Error{code, "not now"};
    for (const char* target : {"/v2/hub.test/a/manifests/1", "/v2/hub.test/a/tags/list"}) {
      const auto answer = world.ask("GET", target);
      EXPECT_EQ(answer.status, 503) << target;
      EXPECT_NE(answer.body.find("hub.test does not give it now"), std::string::npos);
      EXPECT_FALSE(answer.header("Retry-After").empty());
    }
    EXPECT_EQ(world.ask("GET", "/v2/hub.test/a/blobs/" + digest()).status, 503);
    EXPECT_EQ(world.ask("HEAD", "/v2/hub.test/a/blobs/" + digest()).status, 503);
  }
  upstream.error = Error{ErrorCode::NotFound, "it has none"};
  EXPECT_TRUE(world.ask("GET", "/v2/hub.test/a/manifests/1").has_code("MANIFEST_UNKNOWN"));
  EXPECT_TRUE(world.ask("GET", "/v2/hub.test/a/blobs/" + digest()).has_code("BLOB_UNKNOWN"));
}

TEST_F(UpstreamTest, ABlobIsSentAsItComesAndAHeadBringsNothing) {
  const auto got = world.ask("GET", "/v2/hub.test/a/blobs/" + digest());
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "layer");
  EXPECT_EQ(asked(), std::vector<std::string>{"hub.test/a " + digest()});
  const auto request =
      http::server::testing::make_request("HEAD", "/v2/hub.test/a/blobs/" + digest());
  Context context;
  auto reply = world.api.handle(context, request);
  while (std::holds_alternative<http::Move>(reply)) reply = world.api.handle(context, request);
  EXPECT_EQ(std::get<http::Response>(reply).body.size_bytes(), 5u);
  EXPECT_EQ(asked(), std::vector<std::string>{"size of hub.test/a " + digest()});
}

TEST_F(UpstreamTest, AllFormsOfANameReachOneRepository) {
  have_image();
  for (const char* target : {"/v2/hub.test/a/manifests/1", "/v2/a/manifests/1?ns=hub.test",
                             "/hub.test/v2/a/manifests/1"}) {
    EXPECT_EQ(world.ask("GET", target).status, 200) << target;
    EXPECT_EQ(asked(), std::vector<std::string>{"hub.test/a 1"}) << target;
  }
  EXPECT_EQ(world.ask("GET", "/v2/elsewhere/a/manifests/1").status, 404);
  EXPECT_EQ(asked(), std::vector<std::string>{"hub.test/elsewhere/a 1"});
  EXPECT_EQ(world.ask("GET", "/v2/a/manifests/1?ns=unknown.test").status, 404);
  EXPECT_EQ(world.ask("GET", "/hub.test/v2/").status, 200);
  EXPECT_EQ(asked(), std::vector<std::string>{});
}

TEST_F(UpstreamTest, APushIsRefusedBeforeItsBody) {
  const auto image = World::image(oci::Digest::of("{}"), {});
  for (const auto& [method, target] : {std::pair("PUT", "/v2/hub.test/a/manifests/1"),
                                       std::pair("POST", "/v2/hub.test/a/blobs/uploads/"),
                                       std::pair("POST", "/hub.test/v2/a/blobs/uploads/")}) {
    const auto answer = world.ask(method, target, {}, image);
    EXPECT_EQ(answer.status, 403) << target;
    EXPECT_TRUE(answer.has_code("DENIED"));
  }
  EXPECT_EQ(world.ask("POST", "/v2/elsewhere/a/blobs/uploads/").status, 202);
}

TEST_F(UpstreamTest, TagsAreTheUpstreamsAndOursWhenItCannotBeAsked) {
  EXPECT_NE(world.ask("GET", "/v2/hub.test/a/tags/list").body.find(R"(["1","2"])"),
            std::string::npos);
  world.world.push_image("hub.test/a", "kept", "layer");
  upstream.error = Error{ErrorCode::Unavailable, "not now"};
  EXPECT_NE(world.ask("GET", "/v2/hub.test/a/tags/list").body.find(R"(["kept"])"),
            std::string::npos);
}

// A signature may be theirs, or pushed before the name was mirrored.
TEST_F(UpstreamTest, ReferrersAreTheirsAndOurs) {
  const auto subject = world.world.push_image("hub.test/a", "1", "layer");
  const auto ours =
      world.world
          .push("hub.test/a", {}, World::image(oci::Digest::of("{}"), {}, subject.to_string()))
          .value()
          .digest;
  const auto descriptor = [](const oci::Digest& digest) {
    return oci::Descriptor{.media_type = std::string(oci::media_type::kOciManifest),
                           .digest = digest,
                           .size_bytes = 3,
                           .artifact_type = "signature",
                           .annotations = {},
                           .urls = {},
                           .platform = std::nullopt};
  };
  const auto theirs = oci::Digest::of("theirs");
  upstream.theirs = {descriptor(theirs), descriptor(ours)};
  const std::string path = "/v2/hub.test/a/referrers/" + subject.to_string();
  const auto count = [&](const std::string& target, const oci::Digest& digest) {
    const std::string body = world.ask("GET", target).body;
    std::size_t times = 0;
    for (std::size_t at = 0; (at = body.find(digest.to_string(), at)) != body.npos; ++at) ++times;
    return times;
  };
  EXPECT_EQ(count(path, theirs), 1u);
  EXPECT_EQ(count(path, ours), 1u);
  EXPECT_EQ(count(path + "?artifactType=other", theirs), 0u);
  const std::string first = std::min(ours, theirs).to_string();
  EXPECT_EQ(count(path + "?last=" + first, std::min(ours, theirs)), 0u);
  EXPECT_EQ(count(path + "?last=" + first, std::max(ours, theirs)), 1u);
  upstream.error = Error{ErrorCode::Unavailable, "not now"};
  EXPECT_EQ(count(path, theirs), 0u);
  EXPECT_EQ(count(path, ours), 1u);
}

}  // namespace
}  // namespace entrepot::api::distribution
