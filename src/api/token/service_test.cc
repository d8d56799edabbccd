#include "api/token/service.h"

#include "api/token/form.h"
#include "crypto/secret.h"
#include "http/server/testing/request.h"
#include "json/reader.h"
#include "meta/testing/faulty_store.h"
#include "people/testing/world.h"

namespace entrepot::api::token {
namespace {

using http::server::testing::make_request;
using people::testing::kPassword;
using people::testing::World;

class TokenServiceTest : public ::testing::Test {
 protected:
  struct Said {
    int status;
    std::string body;

    std::string operator[](std::string_view name) const {
      const auto document = json::Document::parse(body, "answer").value();
      const json::Names<1> names{name};
      const auto fields = document.root().fields(names).value();
      std::string value;
      EXPECT_OK(fields.read(0, value));
      return value;
    }
  };

  TokenServiceTest() { world.user("alice"); }

  static Said said(const http::Response& response) {
    return {response.status, **response.body.bytes()};
  }

  // As a server asks: what is an errand is counted, and done.
  Said ask(const http::Request& request, std::string_view body = "") {
    if (auto response = service.answer_from_memory(request)) return said(*response);
    auto reply = service.handle(world.context, request);
    if (auto* response = std::get_if<http::Response>(&reply)) return said(*response);
    if (auto* finish = std::get_if<http::Finish>(&reply)) {
      ++finishes;
      return said(finish->run(world.context));
    }
    auto& receive = std::get<http::Receive>(reply);
    EXPECT_EQ(receive.limit_bytes, kMostFormBytes);
    EXPECT_OK(receive.sink->write(world.context, body));
    if (auto errand = receive.sink->errand()) {
      EXPECT_EQ(errand->to, &world.executor);
      ++errands;
      errand->run(world.context);
    }
    return said(receive.sink->finish(world.context));
  }
  Said get(const std::string& query, const std::string& authorization) {
    return ask(make_request("GET", "/token?" + query, {{"Authorization", authorization}}));
  }
  Said post(const std::string& form,
            const std::string& type = "application/x-www-form-urlencoded; charset=utf-8") {
    return ask(make_request("POST", "/token", {{"Content-Type", type}}), form);
  }
  static std::string password(std::string_view name, std::string_view secret) {
    return "grant_type=password&service=entrepot&client_id=docker&username=" + std::string(name) +
           "&password=" + std::string(secret);
  }
  static std::string refresh(const std::string& token) {
    return "grant_type=refresh_token&service=entrepot&refresh_token=" + token;
  }
  std::string who(const Said& given) {
    return std::string(world.enter("Bearer " + given["access_token"]).value().name());
  }
  std::string access_token() {
    return world.people
        .create_token(
            world.context, world.by,
            {.user = "alice", .name = "laptop", .bound = std::nullopt, .expires_at = std::nullopt})
        .value()
        .text;
  }

  World world;
  meta::testing::FaultyStore faulty{world.store};
  people::RefreshTokens refresh_tokens{faulty, world.executor, world.clock};
  Gate gate{*world.sign_in, world.policy, world.clock};
  TokenService service{{gate, world.memory, *world.tokens, refresh_tokens, world.clock}, {}};
  int errands = 0;
  int finishes = 0;
};

TEST_F(TokenServiceTest, APasswordInAFormIsProvedElsewhereAndOnce) {
  for (int i = 0; i < 2; ++i) {
    const Said given = post(password("alice", "correct+horse") + "&scope=repository:alice/a:pull");
    ASSERT_EQ(given.status, 200) << given.body;
    EXPECT_EQ(who(given), "alice");
    EXPECT_EQ(given["scope"], "repository:alice/a:pull");
    EXPECT_EQ(given["token"], given["access_token"]);
    EXPECT_EQ(given.body.find("refresh_token"), std::string::npos) << "nobody asked for one";
  }
  EXPECT_EQ(errands, 1);
}

TEST_F(TokenServiceTest, ARefreshTokenStandsForThePassword) {
  const Said given = post(password("alice", "correct+horse") + "&access_type=offline");
  const std::string token = given["refresh_token"];
  EXPECT_EQ(crypto::parse_secret(token), "ref");
  for (int i = 0; i < 2; ++i) {
    const Said later = post(refresh(token) + "&scope=repository:alice/a:pull,push");
    ASSERT_EQ(later.status, 200) << later.body;
    EXPECT_EQ(who(later), "alice");
    EXPECT_EQ(later["scope"], "repository:alice/a:pull,push");
    EXPECT_EQ(later.body.find("refresh_token"), std::string::npos) << "it stays as it is";
  }
  EXPECT_EQ(errands, 1);
  EXPECT_EQ(get("", World::basic("alice", token)).status, 401) << "it is no password";
}

TEST_F(TokenServiceTest, ByGetItIsKeptByAFinisher) {
  const Said given = get("offline_token=true&client_id=docker", World::basic("alice", kPassword));
  EXPECT_EQ(finishes, 1);
  EXPECT_EQ(post(refresh(given["refresh_token"])).status, 200);
  EXPECT_EQ(get("", World::basic("alice", kPassword)).status, 200);
  EXPECT_EQ(finishes, 1) << "nothing to keep";
}

TEST_F(TokenServiceTest, OnlyAPasswordGetsOne) {
  world.organisation("acme");
  const auto robot = world.people.create_robot(
      world.context, world.by, {.name = "acme/ci", .grants = {}, .expires_at = std::nullopt});
  const std::string token = access_token();
  for (const Said& given :
       {get("offline_token=true", World::basic("alice", token)),
        get("offline_token=true", World::basic("acme/ci", robot->text)),
        ask(make_request("GET", "/token?offline_token=true")),
        ask(make_request("HEAD", "/token?offline_token=true",
                         {{"Authorization", World::basic("alice", kPassword)}})),
        post(password("alice", token) + "&access_type=offline"),
        post(password("acme/ci", robot->text) + "&access_type=offline")}) {
    EXPECT_EQ(given.status, 200) << given.body;
    EXPECT_EQ(given.body.find("refresh_token"), std::string::npos);
  }
}

TEST_F(TokenServiceTest, OnADiskThatTakesNothingThereIsATokenAndNoRefreshToken) {
  faulty.fail_write(1, ErrorCode::StorageFull);
  const Said given = post(password("alice", "correct+horse") + "&access_type=offline");
  EXPECT_EQ(given.status, 200);
  EXPECT_EQ(who(given), "alice");
  EXPECT_TRUE(faulty.write_failed());
  EXPECT_EQ(given.body.find("refresh_token"), std::string::npos);
}

TEST_F(TokenServiceTest, WhatIsWrongIsToldAsByGet) {
  const Said wrong = post(password("alice", "wrong+horse"));
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.body, get("", World::basic("alice", "wrong horse")).body);
  EXPECT_EQ(post(password("nobody", "wrong+horse")).body, wrong.body);
  EXPECT_EQ(post(refresh(crypto::make_secret("ref"))).status, 401);
  EXPECT_EQ(post(refresh(access_token())).status, 401);
  EXPECT_EQ(post("grant_type=authorization_code").status, 400);
  EXPECT_EQ(post("").status, 400);
  EXPECT_EQ(post(password("alice", "correct+horse") + "&service=").status, 400) << "twice";
  EXPECT_EQ(post("grant_type=password&service=other&username=alice&password=x").status, 400);
  EXPECT_EQ(post(password("alice", "x"), "application/json").status, 400);
  EXPECT_EQ(ask(make_request("PUT", "/token")).status, 405);
  EXPECT_EQ(ask(make_request("POST", "/token/jwks")).status, 405);
}

TEST_F(TokenServiceTest, GuessingByFormsIsSlowedDownToo) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(post(password("alice", "guess" + std::to_string(i))).status, 401);
  }
  EXPECT_EQ(post(password("alice", "guess")).status, 429);
}

TEST_F(TokenServiceTest, AFormIsBounded) {
  const auto request =
      make_request("POST", "/token", {{"Content-Type", "application/x-www-form-urlencoded"}});
  auto reply = service.handle(world.context, request);
  auto& sink = std::get<http::Receive>(reply).sink;
  EXPECT_EQ(sink->failed(world.context, {ErrorCode::TooLarge, ""}).status, 413);
  EXPECT_EQ(sink->failed(world.context, {ErrorCode::Timeout, ""}).status, 408);
}

}  // namespace
}  // namespace entrepot::api::token
