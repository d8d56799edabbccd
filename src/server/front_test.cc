#include "server/front.h"

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "http/server/testing/request.h"
#include "http/server/testing/test_server.h"

namespace entrepot::server {
namespace {

using http::server::testing::make_request;

class FrontTest : public ::testing::Test {
 protected:
  FrontTest() {
    api_.in_memory["/v2/"] = [](const http::Request&) {
      return http::Response::text(200, "text/plain", "pong");
    };
    api_.on_worker["/v2/push"] = [this](Context&, const http::Request&) -> http::Reply {
      return http::Receive{std::make_unique<http::server::testing::RecordingSink>(body_)};
    };
  }

  http::Reply ask(Front& front, std::string_view target) {
    const auto request = make_request("GET", target);
    if (auto response = front.answer_from_memory(request)) return *std::move(response);
    return front.handle(context_, request);
  }
  int status(Front& front, std::string_view target) {
    return std::get<http::Response>(ask(front, target)).status;
  }
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
  std::shared_ptr<http::server::testing::RecordingSink::Record> body_ =
      std::make_shared<http::server::testing::RecordingSink::Record>();
};

// While an older registry's directory is indexed, nobody may take a part of it for the whole.
TEST_F(FrontTest, UntilItOpensOnlyHealthIsWell) {
  Front front(operations_, door_, "", {});
  EXPECT_EQ(status(front, "/healthz"), 200);
  for (const char* path : {"/v2/", "/v2", "/v2/a/tags/list", "/readyz"}) {
    EXPECT_EQ(status(front, path), 503) << path;
  }
  EXPECT_EQ(status(front, "/"), 404);
  EXPECT_EQ(front.refuse({400, "no"}).status, 400);
  front.open(api_);
  EXPECT_EQ(status(front, "/v2/"), 200);
}

TEST_F(FrontTest, RoomsAreFoundByPath) {
  Front front(operations_, door_, "", {});
  front.open(api_);
  EXPECT_EQ(status(front, "/v2/"), 200);
  EXPECT_EQ(status(front, "/metrics"), 200);
  EXPECT_EQ(status(front, "/v20/"), 404);
  EXPECT_EQ(status(front, "/v2/unknown"), 404);
  EXPECT_EQ(status(front, "/anything"), 404);
}

TEST_F(FrontTest, PrefixStandsBeforeTheApiAlone) {
  Front front(operations_, door_, "/registry", {});
  api_.in_memory["/registry/v2/"] = api_.in_memory["/v2/"];
  front.open(api_);
  EXPECT_EQ(status(front, "/registry/v2/"), 200);
  EXPECT_EQ(status(front, "/v2/"), 404);
  EXPECT_EQ(status(front, "/healthz"), 200);
}

TEST_F(FrontTest, ConfiguredHeadersAreOnEveryAnswer) {
  Front front(operations_, door_, "", {{"X-Test", "yes"}});
  for (const char* path : {"/v2/", "/healthz", "/metrics", "/nothing"}) {
    EXPECT_TRUE(carries(std::get<http::Response>(ask(front, path)), "X-Test")) << path;
  }
  front.open(api_);
  EXPECT_TRUE(carries(std::get<http::Response>(ask(front, "/v2/")), "X-Test"));
  EXPECT_TRUE(carries(front.refuse({400, "no"}), "X-Test"));

  auto reply = ask(front, "/v2/push");
  auto& sink = std::get<http::Receive>(reply).sink;
  ASSERT_OK(sink->write(context_, "bytes"));
  EXPECT_TRUE(carries(sink->finish(context_), "X-Test"));
  EXPECT_TRUE(carries(sink->failed(context_, {ErrorCode::Cancelled, "gone"}), "X-Test"));
  EXPECT_EQ(body_->body, "bytes");
}

TEST_F(FrontTest, PreflightsAreAnsweredForPagesThatMayAsk) {
  Front front(operations_, door_, "", {{"Access-Control-Allow-Origin", "http://ui.example.com"}});
  const auto asked_by = [&](const std::string& origin, std::string_view target) {
    const auto request = make_request(
        "OPTIONS", target, {{"Origin", origin}, {"Access-Control-Request-Method", "DELETE"}});
    return front.answer_from_memory(request).value();
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
  Front front(operations_, door_, "", {{"x-test", "theirs"}});
  front.open(api_);
  const auto response = std::get<http::Response>(ask(front, "/v2/"));
  EXPECT_TRUE(carries(response, "x-test"));
  EXPECT_FALSE(carries(response, "X-Test"));
}

}  // namespace
}  // namespace entrepot::server
