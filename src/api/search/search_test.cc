#include "api/search/search.h"

#include <gtest/gtest.h>

#include "access/testing/scripted_policy.h"
#include "auth/testing/scripted_authenticator.h"
#include "http/server/testing/request.h"
#include "registry/testing/world.h"

namespace entrepot::api::search {
namespace {

using access::Decision;
using http::server::testing::Headers;
using http::server::testing::make_request;

class SearchTest : public ::testing::Test {
 protected:
  http::Response ask(std::string_view target, const Headers& headers = {},
                     std::string_view method = "GET") {
    const auto request = make_request(method, target, headers);
    auto response = search.answer_from_memory(request);
    if (!response) response = std::get<http::Response>(search.handle(world.context, request));
    search.dress(&request, *response);
    return *std::move(response);
  }
  std::string get(std::string_view target, const Headers& headers = {}) {
    const auto response = ask(target, headers);
    EXPECT_EQ(response.status, 200) << target;
    return **response.body.bytes();
  }

  registry::testing::World world;
  access::testing::ScriptedPolicy policy;
  auth::testing::ScriptedAuthenticator authenticator;
  Gate gate{authenticator, policy, world.clock};
  http::MemoryAccount account{64u << 20, world.metrics};
  Search search{{gate, account}, world.stores.meta, "/behind"};
};

TEST_F(SearchTest, PingIsForEverybody) {
  authenticator.asks_everybody = true;
  const auto response = ask("/behind/v1/_ping", {{"Authorization", "Basic eDp5"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(**response.body.bytes(), "true\n");
  EXPECT_NE(std::find(response.headers.begin(), response.headers.end(),
                      std::pair<std::string, std::string>("X-Docker-Registry-Standalone", "true")),
            response.headers.end());
}

TEST_F(SearchTest, AnswersAsDockerReadsIt) {
  world.push_image("team/app", "latest", "one");
  EXPECT_EQ(get("/behind/v1/search?q=APP&n=25"),
            R"({"query":"APP","num_results":1,"num_pages":1,"page":1,"page_size":25,"results":)"
            R"([{"name":"team/app","description":"","star_count":0,"is_official":false,)"
            R"("is_automated":false,"is_trusted":false}]})"
            "\n");
  EXPECT_EQ(get("/behind/v1/search?q=%25"),
            R"({"query":"%","num_results":0,"num_pages":0,"page":1,"page_size":25,"results":[]})"
            "\n");
}

TEST_F(SearchTest, PagesAreNumbered) {
  for (const char* name : {"a", "b", "c"}) world.push_image(name, "latest", name);
  const std::string second = get("/behind/v1/search?n=2&page=2");
  EXPECT_NE(second.find(R"("num_results":3,"num_pages":2,"page":2,"page_size":2)"),
            std::string::npos);
  EXPECT_EQ(second.find(R"("name":"a")"), std::string::npos);
  EXPECT_NE(second.find(R"("name":"c")"), std::string::npos);
  EXPECT_NE(get("/behind/v1/search?n=2&page=3").find(R"("results":[])"), std::string::npos);
  for (const char* odd :
       {"n=0&page=0", "n=101", "n=-1&page=x", "n=&page=", "n=99999999999999999999"}) {
    EXPECT_NE(get(std::string("/behind/v1/search?") + odd).find(R"("page":1,"page_size":25)"),
              std::string::npos);
  }
}

TEST_F(SearchTest, EachFindsWhatTheyMaySee) {
  world.push_image("open", "latest", "one");
  world.push_image("secret", "latest", "two");
  authenticator.subjects.emplace("Basic YTpi",
                                 access::Subject(access::SubjectKind::User, 1, "alice"));
  policy.judge = [](const access::Question& question) {
    return question.subject.name() == "alice" || question.repository == "open"
               ? Decision::Verdict::Allowed
               : Decision::Verdict::Absent;
  };
  EXPECT_EQ(get("/behind/v1/search").find("secret"), std::string::npos);
  EXPECT_NE(get("/behind/v1/search").find(R"("num_results":1)"), std::string::npos);
  EXPECT_NE(get("/behind/v1/search", {{"Authorization", "Basic YTpi"}}).find("secret"),
            std::string::npos);
  EXPECT_EQ(ask("/behind/v1/search", {{"Authorization", "Basic eDp5"}}).status, 401);
}

// Whoever pulls waits for no search.
TEST_F(SearchTest, ItLooksThroughNamesOnTheReaders) {
  Executor readers{{.name = "readers", .threads = 1}};
  Search apart{{gate, account, &readers}, world.stores.meta, ""};
  const auto request = make_request("GET", "/v1/search?q=a", {});
  ASSERT_FALSE(apart.answer_from_memory(request));
  const auto first = apart.handle(world.context, request);
  ASSERT_TRUE(std::holds_alternative<http::Move>(first));
  EXPECT_EQ(std::get<http::Move>(first).to, &readers);
  const auto then = apart.handle(world.context, request);
  EXPECT_EQ(std::get<http::Response>(then).status, 200);
}

TEST_F(SearchTest, NothingElseIsThere) {
  for (const char* path :
       {"/behind/v1", "/behind/v1/", "/behind/v1/images/a", "/behind/v1/search/"}) {
    EXPECT_EQ(ask(path).status, 404) << path;
  }
  EXPECT_EQ(ask("/behind/v1/search", {}, "POST").status, 405);
  EXPECT_EQ(ask("/behind/v1/search", {}, "HEAD").status, 200);
}

}  // namespace
}  // namespace entrepot::api::search
