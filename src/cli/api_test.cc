#include "cli/api.h"

#include "base/testing/assert_ok.h"
#include "http/server/testing/server_fixture.h"

namespace entrepot::cli {
namespace {

using http::Reply;
using http::Response;

class ApiTest : public http::server::testing::ServerFixture {
 protected:
  // `path` answers with this status and body.
  void answers(const std::string& path, int status, std::string body) {
    handler.on_worker["/api/v1" + path] = [=, this](Context&,
                                                    const http::Request& request) -> Reply {
      asked.push_back(std::string(request.target()));
      cookie = request.header("Cookie").value_or("");
      return Response::text(status, "application/json", body);
    };
  }
  std::unique_ptr<Api> opened(std::string user = "alice") {
    auto api = Api::open({.url = fmt::format("http://localhost:{}", port),
                          .user = std::move(user),
                          .header_name = "Cookie",
                          .header_value = "entrepot=1"});
    EXPECT_OK(api);
    return *std::move(api);
  }
  std::vector<std::string> asked;
  std::string cookie;
};

TEST_F(ApiTest, AListIsReadToItsEnd) {
  handler.on_worker["/api/v1/users"] = [this](Context&, const http::Request& request) -> Reply {
    asked.push_back(std::string(request.query()));
    const auto after = request.parameter("after");
    return Response::text(200, "application/json",
                          !after ? R"({"items":[{"name":"a"},{"name":"b"}],"next":"b/+ "})"
                                 : R"({"items":[{"name":"c"}],"next":null})");
  };
  start();
  std::vector<std::string> names;
  ASSERT_OK(opened()->each("/users?q=x", [&](const json::Value& value) -> Result<void> {
    constexpr json::Names<1> kNames = {"name"};
    TRY_ASSIGN(const auto fields, value.fields(kNames));
    return fields.read(0, names.emplace_back());
  }));
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(asked, (std::vector<std::string>{"q=x&limit=100", "q=x&limit=100&after=b%2F%2B%20"}));
}

TEST_F(ApiTest, SaysWhatTheServerSays) {
  answers("/a", 403, R"({"code":"denied","detail":"only owners\u001b[2J may"})");
  answers("/b", 401, R"({"code":"unauthenticated","detail":"sign in"})");
  answers("/c", 502, "<html>");
  start();
  const auto api = opened();
  const auto denied = api->ask("GET", "/a");
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, ErrorCode::Denied);
  EXPECT_EQ(denied.error().message, "only owners\\u001b[2J may") << "no control of the terminal";
  EXPECT_EQ(cookie, "entrepot=1");
  const auto ended = api->ask("GET", "/b");
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::Unauthenticated);
  EXPECT_NE(ended.error().message.find("entrepot login http://localhost"), std::string::npos);
  const auto other = api->ask("GET", "/c");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::Internal);
  EXPECT_NE(other.error().message.find("is it entrepot?"), std::string::npos);
}

TEST_F(ApiTest, AListWithoutAnEndEnds) {
  answers("/users", 200, R"({"items":[],"next":"again"})");
  start();
  const auto visit = [](const json::Value&) -> Result<void> { return {}; };
  EXPECT_FAILS(TooLarge, opened()->each("/users", visit));
  EXPECT_EQ(asked.size(), Api::kMostPages);
}

// InvalidArgument is what somebody typed.
TEST_F(ApiTest, WhatIsNoPageIsTheServersFault) {
  answers("/a", 200, "{}");
  answers("/b", 200, "not JSON");
  answers("/c", 200, R"({"items":[7]})");
  start();
  const auto visit = [](const json::Value& item) -> Result<void> {
    TRY(item.get<std::string>());
    return {};
  };
  for (const char* path : {"/a", "/b", "/c"}) EXPECT_FAILS(Internal, opened()->each(path, visit));
}

TEST_F(ApiTest, OnlyAnAnswerOfOursSaysWhatIsThere) {
  answers("/a", 404, R"({"code":"not_found","detail":"nobody is called bob"})");
  answers("/b", 404, "<html>");
  answers("/c", 412, R"({"code":"precondition_failed","detail":"somebody else was faster"})");
  start();
  EXPECT_FAILS(NotFound, opened()->ask("GET", "/a"));
  EXPECT_FAILS(Internal, opened()->ask("GET", "/b"));
  EXPECT_FAILS(PreconditionFailed, opened()->ask("GET", "/c"));
}

TEST_F(ApiTest, APageTellsWhereTheNextOneIs) {
  answers("/a", 200, R"({"items":[1,2],"next":"b/+ "})");
  answers("/b", 200, R"({"items":[],"next":null})");
  start();
  int items = 0;
  const auto count = [&](const json::Value&) -> Result<void> {
    ++items;
    return {};
  };
  EXPECT_EQ(opened()->page("/a", "", 7, count).value(), "b/+ ");
  EXPECT_EQ(opened()->page("/b?q=x", "c d", 7, count).value(), std::nullopt);
  EXPECT_EQ(items, 2);
  EXPECT_EQ(asked,
            (std::vector<std::string>{"/api/v1/a?limit=7", "/api/v1/b?q=x&limit=7&after=c%20d"}));
}

TEST(Escaped, LeavesNothingThatWouldEndIt) {
  EXPECT_EQ(escaped("acme/ci"), "acme%2Fci");
  EXPECT_EQ(escaped("a b&c=d?#%"), "a%20b%26c%3Dd%3F%23%25");
  EXPECT_EQ(escaped("A-z.0_~"), "A-z.0_~");
  EXPECT_EQ(escaped("\xe4\xbb\x93"), "%E4%BB%93");
}

}  // namespace
}  // namespace entrepot::cli
