#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "access/testing/scripted_policy.h"
#include "api/distribution/testing/api_world.h"
#include "auth/testing/scripted_authenticator.h"

// The way in, held by a policy and an authenticator that are not those of open mode: slow, denying,
// and saying that nothing is there.

namespace entrepot::api::distribution {
namespace {

using access::Action;
using access::SubjectKind;
using testing::Answer;
using testing::ApiWorld;
using Verdict = access::Decision::Verdict;
using Headers = http::server::testing::Headers;

const std::string kBytes = "layer bytes";
const std::string kDigest = oci::Digest::of(kBytes).to_string();
const Headers kAlice = {{"Authorization", "Basic alice"}};
const Headers kBob = {{"Authorization", "Basic bob"}};
const Headers kToken = {{"Authorization", "Bearer alice"}};
const Challenge kChallenge{"https://registry.example.com/token", "registry"};

// A path of the route, in the repository `name`.
std::string path_of(const Route& route, const std::string& name) {
  std::string path(route.pattern);
  for (const auto& [placeholder, text] : {std::pair<std::string, std::string>{"<name>", name},
                                          {"<digest>", kDigest},
                                          {"<reference>", "latest"},
                                          {"<id>", "no-such-id"}}) {
    if (const auto at = path.find(placeholder); at != path.npos) {
      path.replace(at, placeholder.size(), text);
    }
  }
  return path;
}

std::string method_of(const Route& route) {
  const std::string list = http::list_of(route.methods);
  return list.substr(0, list.find(','));
}

bool names_repository(const Route& route) {
  return route.pattern.find("<name>") != route.pattern.npos;
}

class AdmissionTest : public ::testing::Test {
 protected:
  AdmissionTest() {
    authenticator_.subjects.emplace("Basic alice", access::Subject(SubjectKind::User, 1, "alice"));
    authenticator_.subjects.emplace("Bearer alice", access::Subject(SubjectKind::User, 1, "alice"));
    authenticator_.subjects.emplace("Basic bob", access::Subject(SubjectKind::User, 2, "bob"));
  }

  // Everything is slow: nothing is known from memory.
  void forget_everything() {
    authenticator_.asks_everybody = true;
    policy_.knows_from_memory = false;
  }
  void judge(Verdict verdict) {
    policy_.judge = [verdict](const access::Question&) { return verdict; };
  }

  auth::testing::ScriptedAuthenticator authenticator_;
  access::testing::ScriptedPolicy policy_;
};

TEST_F(AdmissionTest, EveryRouteAsksOnceAboutWhatItNames) {
  for (const bool slow : {false, true}) {
    if (slow) forget_everything();
    ApiWorld world(authenticator_, policy_);
    for (const Route& route : routes()) {
      policy_.forget();
      authenticator_.looks = 0;
      world.ask(method_of(route), path_of(route, "a/b"));
      const auto asked = policy_.asked();
      ASSERT_EQ(asked.size(), 1u) << route.pattern;
      EXPECT_EQ(asked[0].action, route.action) << route.pattern;
      EXPECT_EQ(asked[0].repository, names_repository(route) ? "a/b" : "") << route.pattern;
      EXPECT_EQ(authenticator_.looks, slow ? 1 : 0) << route.pattern;
    }
  }
}

TEST_F(AdmissionTest, WhoMayNotGetsNothingByAnyRoute) {
  for (const bool slow : {false, true}) {
    if (slow) forget_everything();
    for (const auto& challenge : {std::optional<Challenge>(), std::optional(kChallenge)}) {
      ApiWorld world(authenticator_, policy_, challenge);
      for (const Verdict verdict : {Verdict::Denied, Verdict::Absent}) {
        judge(verdict);
        for (const Route& route : routes()) {
          const auto ask = [&](const Headers& headers) {
            return world.ask(method_of(route), path_of(route, "a/b"), headers).status;
          };
          const bool hidden = verdict == Verdict::Absent && access::only_reads(route.action);
          const int basic = hidden ? 404 : 403;
          EXPECT_EQ(ask(kAlice), basic) << route.pattern;
          EXPECT_EQ(ask({}), challenge ? 401 : basic) << route.pattern;
          EXPECT_EQ(ask(kToken), challenge ? 401 : basic) << route.pattern;
          EXPECT_EQ(ask({{"Authorization", "Basic mallory"}}), 401) << route.pattern;
        }
      }
    }
  }
}

// Who may not see a repository cannot tell it from one that is not there: not by a status, a header
// or the length of a body.
TEST_F(AdmissionTest, WhatIsHiddenAnswersAsWhatIsAbsent) {
  ApiWorld world(authenticator_, policy_, kChallenge);
  const auto config = world.world.push_blob("secret/app", kBytes);
  ASSERT_OK(
      world.world.push("secret/app", {"latest"}, registry::testing::World::image(config, {})));
  judge(Verdict::Absent);
  for (const Headers& headers : {Headers(), kAlice, kToken}) {
    for (const Route& route : routes()) {
      if (!names_repository(route)) continue;
      const auto there = world.ask(method_of(route), path_of(route, "secret/app"), headers);
      auto absent = world.ask(method_of(route), path_of(route, "secret/not"), headers);
      const auto as_there = [](std::string text) {
        for (auto at = text.find("secret/not"); at != text.npos; at = text.find("secret/not")) {
          text.replace(at, 10, "secret/app");
        }
        return text;
      };
      for (auto& header : absent.headers) header.second = as_there(header.second);
      EXPECT_EQ(there.status, absent.status) << route.pattern;
      EXPECT_EQ(there.headers, absent.headers) << route.pattern;
      EXPECT_EQ(there.body, as_there(absent.body)) << route.pattern;
    }
  }
}

TEST_F(AdmissionTest, AChallengeSaysWhereAndForWhat) {
  ApiWorld world(authenticator_, policy_, kChallenge);
  judge(Verdict::Denied);
  const auto challenge = [&](const std::string& method, const std::string& path,
                             const Headers& headers = {}) {
    return world.ask(method, path, headers).header("WWW-Authenticate");
  };
  const std::string where =
      R"(Bearer realm="https://registry.example.com/token",service="registry")";
  EXPECT_EQ(challenge("GET", "/v2/"), where);
  EXPECT_EQ(challenge("GET", "/v2/a/b/manifests/x"), where + R"(,scope="repository:a/b:pull")");
  EXPECT_EQ(challenge("POST", "/v2/a/b/blobs/uploads/"),
            where + R"(,scope="repository:a/b:pull,push")");
  EXPECT_EQ(challenge("DELETE", "/v2/a/b/manifests/x"),
            where + R"(,scope="repository:a/b:delete")");
  EXPECT_EQ(challenge("GET", "/v2/_catalog"), where + R"(,scope="registry:catalog:*")");
  EXPECT_EQ(challenge("GET", "/v2/a/b/manifests/x", kToken),
            where + R"(,scope="repository:a/b:pull",error="insufficient_scope",)" +
                R"(error_description="alice may not pull a/b")");
  EXPECT_EQ(challenge("GET", "/v2/a/b/manifests/x", {{"Authorization", "Bearer none"}}),
            where + R"(,error="invalid_token",error_description="these credentials are nobody's")");
}

// --- What was checked is what is used ------------------------------------------------------------

// Spells a character in one of the ways that some reader might undo.
std::string spelled(char c, std::mt19937& random) {
  switch (random() % 12) {
    case 0:
      return fmt::format("%{:02x}", static_cast<unsigned char>(c));
    case 1:
      return fmt::format("%{:02X}", static_cast<unsigned char>(c));
    case 2:
      return fmt::format("%25{:02x}", static_cast<unsigned char>(c));
    case 3:
      return c == '/' ? "//" : std::string(1, static_cast<char>(std::toupper(c)));
    case 4:
      return c == '/' ? "/./" : std::string(1, c);
    case 5:
      return c == '/' ? "/x/../" : std::string(1, c);
    case 6:
      return c == '/' ? "%2f" : std::string(1, c) + "%00";
    default:
      return std::string(1, c);
  }
}

TEST_F(AdmissionTest, NoSpellingOfAPathReachesWhatWasNotAskedAbout) {
  ApiWorld world(authenticator_, policy_);
  const auto config = world.world.push_blob("secret/app", kBytes);
  world.world.push_blob("open/app", kBytes);
  ASSERT_OK(
      world.world.push("secret/app", {"latest"}, registry::testing::World::image(config, {})));
  policy_.judge = [](const access::Question& question) {
    return question.repository == "secret/app" ? Verdict::Absent : Verdict::Allowed;
  };
  const std::string rests[] = {"manifests/latest", "blobs/" + kDigest, "tags/list"};
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same paths in every run
  std::size_t judged = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string path = "/v2/";
    const std::string base = "secret/app/" + rests[random() % std::size(rests)];
    const unsigned plain = random() % 4;  // most characters as they are, or no route is found
    for (const char c : base) {
      path += random() % 8 < plain ? spelled(c, random) : std::string(1, c);
    }
    policy_.forget();
    const auto answer = world.ask("GET", path);
    EXPECT_GE(answer.status, 400) << path;
    for (const auto& asked : policy_.asked()) {
      ++judged;
      EXPECT_TRUE(asked.repository.empty() || oci::RepositoryName::is_valid(asked.repository))
          << path << " was judged as " << asked.repository;
    }
  }
  EXPECT_GT(judged, 1000u) << "most of the paths have to come as far as the policy";
}

TEST_F(AdmissionTest, AnEscapedNameIsJudgedAndServedAsWhatItNames) {
  ApiWorld world(authenticator_, policy_);
  world.world.push_blob("a/b", kBytes);
  for (const bool from_memory : {true, false}) {
    policy_.knows_from_memory = from_memory;
    policy_.forget();
    EXPECT_EQ(world.ask("GET", "/v2/a/%62/blobs/" + kDigest).body, kBytes);
    ASSERT_EQ(policy_.asked().size(), 1u);
    EXPECT_EQ(policy_.asked()[0].repository, "a/b");
  }
  EXPECT_TRUE(world.ask("GET", "/v2/a%2fb/tags/list").has_code("NAME_INVALID"));
  EXPECT_TRUE(world.ask("GET", "/v2/a/%2562/tags/list").has_code("NAME_INVALID"));
}

// --- What else is asked --------------------------------------------------------------------------

TEST_F(AdmissionTest, AnUploadIsItsOwnersAlone) {
  ApiWorld world(authenticator_, policy_);
  const auto location = world.ask("POST", "/v2/a/blobs/uploads/", kAlice).header("Location");
  for (const Headers& other : {kBob, Headers()}) {
    EXPECT_EQ(world.ask("PATCH", location, other, "x").status, 404);
    EXPECT_EQ(world.ask("GET", location, other).status, 404);
    EXPECT_EQ(world.ask("PUT", location + "&digest=" + kDigest, other, kBytes).status, 404);
    EXPECT_EQ(world.ask("DELETE", location, other).status, 404);
  }
  EXPECT_EQ(world.ask("PATCH", location, kToken, kBytes).status, 202)
      << "another credential of hers";
  EXPECT_EQ(world.ask("PUT", location + "&digest=" + kDigest, kAlice).status, 201);
}

TEST_F(AdmissionTest, AMountOfWhatMayNotBeReadIsAnUpload) {
  ApiWorld world(authenticator_, policy_);
  world.world.push_blob("secret/app", kBytes);
  world.world.push_blob("open/app", kBytes);
  policy_.judge = [](const access::Question& question) {
    return question.repository == "secret/app" ? Verdict::Absent : Verdict::Allowed;
  };
  for (const bool from_memory : {true, false}) {
    policy_.knows_from_memory = from_memory;
    const auto mount = [&](const std::string& from) {
      return world.ask("POST", "/v2/b/blobs/uploads/?mount=" + kDigest + from).status;
    };
    EXPECT_EQ(mount("&from=secret/app"), 202);
    EXPECT_EQ(mount("&from=open/app"), 201);
  }
}

TEST_F(AdmissionTest, AMountWithoutFromTakesWhatMayBeReadAndNothingElse) {
  ApiWorld world(authenticator_, policy_);
  for (const char* holder : {"secret/app", "open/app", "secret/newer"}) {
    world.world.push_blob(holder, kBytes);
  }
  const auto hidden = world.world.push_blob("secret/app", "what is nowhere else");
  policy_.judge = [](const access::Question& question) {
    return question.repository.starts_with("secret/") ? Verdict::Absent : Verdict::Allowed;
  };
  const auto mount = [&](const std::string& digest, const std::string& into) {
    return world.ask("POST", "/v2/" + into + "/blobs/uploads/?mount=" + digest);
  };
  EXPECT_EQ(mount(kDigest, "b").status, 201);
  EXPECT_EQ(world.ask("GET", "/v2/b/blobs/" + kDigest).body, kBytes);
  EXPECT_EQ(mount(hidden.to_string(), "b").status, 202) << "as one that is nowhere";
  EXPECT_EQ(world.ask("GET", "/v2/b/blobs/" + hidden.to_string()).status, 404);
  policy_.judge = [](const access::Question& question) {
    return question.repository == "c" ? Verdict::Allowed : Verdict::Absent;
  };
  EXPECT_EQ(mount(kDigest, "c").status, 202);
}

TEST_F(AdmissionTest, TheCatalogHoldsWhatTheCallerMaySee) {
  ApiWorld world(authenticator_, policy_);
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    const auto config = world.world.push_blob(name, kBytes);
    ASSERT_OK(world.world.push(name, {"latest"}, registry::testing::World::image(config, {})));
  }
  policy_.judge = [](const access::Question& question) {
    const bool hidden = question.repository == "b" || question.repository == "e";
    return hidden ? Verdict::Absent : Verdict::Allowed;
  };
  EXPECT_EQ(world.ask("GET", "/v2/_catalog").body, "{\"repositories\":[\"a\",\"c\",\"d\"]}\n");
  const auto page = world.ask("GET", "/v2/_catalog?n=1");
  EXPECT_EQ(page.body, "{\"repositories\":[\"a\"]}\n");
  EXPECT_EQ(page.header("Link"), "</v2/_catalog?n=1&last=a>; rel=\"next\"") << "no hidden name";
  EXPECT_EQ(world.ask("GET", "/v2/_catalog?n=3").header("Link"), "");
}

// A password's hash keeps no worker.
TEST_F(AdmissionTest, ALookAtCredentialsRunsWhereItsAuthenticatorSays) {
  Executor hashing{{"hash", 1, 8}};
  Executor workers{{"worker", 1, 8}};
  Executor finishers{{"finisher", 1, 8}};
  authenticator_.executor = &hashing;
  registry::testing::World world;
  metrics::Registry metrics;
  http::MemoryAccount memory{64u << 20, metrics};
  const Gate gate(authenticator_, policy_, world.clock);
  DistributionApi api({world.puller, world.pusher, world.uploads, world.remover, gate, memory},
                      {{}, "key"}, {&workers, &finishers, nullptr});
  Context context;
  const std::pair<const char*, Executor*> cases[] = {{"GET", &workers}, {"DELETE", &finishers}};
  for (const auto& [method, executor] : cases) {
    const auto request = http::server::testing::make_request(method, "/v2/a/manifests/x", kAlice);
    ASSERT_FALSE(api.answer_from_memory(request).has_value());
    EXPECT_EQ(api.executor_of(request), &hashing);
    const auto reply = api.handle(context, request);
    ASSERT_TRUE(std::holds_alternative<http::Move>(reply));
    EXPECT_EQ(std::get<http::Move>(reply).to, executor);
    const auto answer = api.handle(context, request);
    EXPECT_EQ(std::get<http::Response>(answer).status, 404);
    const auto anonymous = http::server::testing::make_request(method, "/v2/a/manifests/x");
    ASSERT_FALSE(api.answer_from_memory(anonymous).has_value());
    EXPECT_EQ(api.executor_of(anonymous), executor) << "nobody has to look";
  }
}

TEST_F(AdmissionTest, AnswersSayWhoAsked) {
  ApiWorld world(authenticator_, policy_);
  const auto request = http::server::testing::make_request("GET", "/v2/a/tags/list", kAlice);
  ASSERT_FALSE(world.api.answer_from_memory(request).has_value());
  Context context;
  auto reply = world.api.handle(context, request);
  auto& response = std::get<http::Response>(reply);
  world.api.dress(&request, response);
  EXPECT_EQ(response.actor, "alice");
  EXPECT_EQ(response.route, "tags");
}

}  // namespace
}  // namespace entrepot::api::distribution
