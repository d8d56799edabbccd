#include "server/run/front.h"

#include "auth/open_mode.h"
#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "http/server/testing/request.h"
#include "http/server/testing/test_server.h"
#include "server/run/operations.h"
#include "server/run/shutter.h"
#include "ui/page.h"

namespace entrepot::server {
namespace {

using http::server::testing::make_request;

class FrontTest : public ::testing::Test {
 protected:
  FrontTest() {
    api_.in_memory["/v2/"] = [](const http::Request&) {
      return http::Response::text(200, "text/plain", "pong");
    };
  }

  Front front(std::vector<HeaderLine> headers = {}, const std::string& prefix = "") {
    return Front({{prefix + "/v2", shutter_},
                  {"/healthz", operations_},
                  {"/readyz", operations_},
                  {"/metrics", operations_}},
                 page_, door_, std::move(headers));
  }
  http::Response ask(Front& front, std::string_view target) {
    const auto request = make_request("GET", target);
    auto response = front.answer_from_memory(request);
    if (!response) response = std::get<http::Response>(front.handle(context_, request));
    front.dress(&request, *response);
    return *std::move(response);
  }
  int status(Front& front, std::string_view target) { return ask(front, target).status; }
  static bool carries(const http::Response& response, const std::string& name) {
    return std::any_of(response.headers.begin(), response.headers.end(),
                       [&](const auto& header) { return header.first == name; });
  }

  Context context_;
  testing::FakeClock clock_;
  metrics::Registry metrics_;
  Readiness readiness_{clock_};
  auth::OpenMode door_{auth::OpenMode::Options{.origins = {"http://ui.example.com"}}};
  Operations operations_{readiness_, metrics_, "/metrics", &door_};
  http::server::testing::ScriptedHandler api_;
  Shutter shutter_;
  ui::Page page_{{}, {}};
};

// While an older registry's directory is indexed, nobody may take a part of it for the whole.
TEST_F(FrontTest, UntilItOpensOnlyHealthIsWell) {
  Front front = this->front();
  EXPECT_EQ(status(front, "/healthz"), 200);
  for (const char* path : {"/v2/", "/v2", "/v2/a/tags/list", "/readyz"}) {
    EXPECT_EQ(status(front, path), 503) << path;
  }
  EXPECT_EQ(status(front, "/"), 200) << "what probes ask";
  EXPECT_EQ(front.refuse({400, "no"}).status, 400);
  shutter_.open(api_);
  EXPECT_EQ(status(front, "/v2/"), 200);
}

TEST_F(FrontTest, RoomsAreFoundByPath) {
  Front front = this->front();
  shutter_.open(api_);
  EXPECT_EQ(status(front, "/v2/"), 200);
  EXPECT_EQ(status(front, "/metrics"), 200);
  EXPECT_EQ(status(front, "/v20/"), 404);
  EXPECT_EQ(status(front, "/v2/unknown"), 404);
  EXPECT_EQ(status(front, "/anything"), 404);
}

TEST_F(FrontTest, PrefixStandsBeforeTheApiAlone) {
  Front front = this->front({}, "/registry");
  api_.in_memory["/registry/v2/"] = api_.in_memory["/v2/"];
  shutter_.open(api_);
  EXPECT_EQ(status(front, "/registry/v2/"), 200);
  EXPECT_EQ(status(front, "/v2/"), 404);
  EXPECT_EQ(status(front, "/healthz"), 200);
}

TEST_F(FrontTest, ConfiguredHeadersAreOnEveryAnswer) {
  Front front = this->front({{"X-Test", "yes"}});
  for (const char* path : {"/v2/", "/healthz", "/metrics", "/nothing"}) {
    EXPECT_TRUE(carries(ask(front, path), "X-Test")) << path;
  }
  shutter_.open(api_);
  EXPECT_TRUE(carries(ask(front, "/v2/"), "X-Test"));

  auto refused = front.refuse({400, "no"});
  front.dress(nullptr, refused);
  EXPECT_TRUE(carries(refused, "X-Test"));
}

TEST_F(FrontTest, PreflightsAreAnsweredForPagesThatMayAsk) {
  Front front = this->front({{"Access-Control-Allow-Origin", "http://ui.example.com"}});
  const auto asked_by = [&](const std::string& origin, std::string_view target) {
    const auto request = make_request(
        "OPTIONS", target, {{"Origin", origin}, {"Access-Control-Request-Method", "DELETE"}});
    auto response = front.answer_from_memory(request).value();
    front.dress(&request, response);
    return response;
  };
  for (const char* target : {"/v2/a/manifests/x", "/v2/", "/metrics", "/anything"}) {
    const auto allowed = asked_by("http://ui.example.com", target);
    EXPECT_EQ(allowed.status, 204) << target;
    EXPECT_TRUE(carries(allowed, "Access-Control-Allow-Origin"));
    EXPECT_EQ(asked_by("http://evil.example", target).status, 403) << target;
  }
}

// What an answer of the API had under a configured name is replaced, not repeated.
TEST_F(FrontTest, AConfiguredHeaderStandsOnce) {
  api_.in_memory["/v2/"] = [](const http::Request&) {
    return std::move(http::Response::text(200, "text/plain", "pong").with("X-Test", "ours"));
  };
  Front front = this->front({{"x-test", "theirs"}});
  shutter_.open(api_);
  const auto response = ask(front, "/v2/");
  EXPECT_TRUE(carries(response, "x-test"));
  EXPECT_FALSE(carries(response, "X-Test"));
}

}  // namespace
}  // namespace entrepot::server
