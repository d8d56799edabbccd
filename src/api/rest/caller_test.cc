#include "api/rest/caller.h"

#include <gtest/gtest.h>

#include "crypto/secret.h"
#include "http/server/testing/request.h"

namespace entrepot::api::rest {
namespace {

using http::server::testing::Headers;
using http::server::testing::make_request;

const std::string kSecret = crypto::make_secret("ses");

// To registry.test:5000.
http::Request request(const Headers& headers) {
  return make_request("POST", "http://registry.test:5000/api/v1/me", headers);
}

TEST(CallerTest, TheCookieIsTakenByItsWholeName) {
  const auto asked = request({{"Cookie", "xentrepot-http-5000=a; entrepot-http-5000=" + kSecret +
                                             "; entrepot-http-50001=b"}});
  EXPECT_EQ(cookie_name_of(asked), "entrepot-http-5000");
  const Visitor visitor = visitor_of(asked, cookie_name_of(asked));
  EXPECT_TRUE(visitor.by_cookie);
  EXPECT_TRUE(visitor.caller.is_own_secret);
  EXPECT_EQ(visitor.caller.authorization, kSecret);
}

TEST(CallerTest, ACookieThatIsNoSecretIsNone) {
  for (const char* value : {"", "x", "ent_ses_x"}) {
    const auto asked = request({{"Cookie", std::string("entrepot-http-5000=") + value}});
    EXPECT_FALSE(visitor_of(asked, cookie_name_of(asked)).by_cookie) << value;
  }
}

TEST(CallerTest, AuthorizationGoesBeforeTheCookie) {
  const auto asked =
      request({{"Cookie", "entrepot-http-5000=" + kSecret}, {"Authorization", "Basic YTpi"}});
  const Visitor visitor = visitor_of(asked, cookie_name_of(asked));
  EXPECT_FALSE(visitor.by_cookie);
  EXPECT_FALSE(visitor.caller.is_own_secret);
  EXPECT_EQ(visitor.caller.authorization, "Basic YTpi");
}

TEST(CallerTest, ASecretOfOursIsTakenAsBearer) {
  const auto ours = request({{"Authorization", "bearer  " + kSecret}});
  EXPECT_EQ(visitor_of(ours, "c").caller.authorization, kSecret);
  EXPECT_TRUE(visitor_of(ours, "c").caller.is_own_secret);
  const auto token = request({{"Authorization", "Bearer a.b.c"}});
  EXPECT_EQ(visitor_of(token, "c").caller.authorization, "Bearer a.b.c");
  EXPECT_FALSE(visitor_of(token, "c").caller.is_own_secret);
}

TEST(CallerTest, WhatAnotherSitesPageSendsIsTold) {
  EXPECT_TRUE(foreign_page(request({}), true));
  EXPECT_FALSE(foreign_page(request({{"Entrepot-Page", "1"}}), true));
  EXPECT_FALSE(foreign_page(
      request({{"Entrepot-Page", "1"}, {"Origin", "http://registry.test:5000"}}), true));
  for (const char* origin : {"null", "http://registry.test", "http://evil.test:5000",
                             "http://registry.test:5000.evil.test", ""}) {
    EXPECT_TRUE(foreign_page(request({{"Entrepot-Page", "1"}, {"Origin", origin}}), true))
        << origin;
  }
  EXPECT_TRUE(
      foreign_page(request({{"Entrepot-Page", "1"}, {"Sec-Fetch-Site", "same-site"}}), true));
  EXPECT_TRUE(
      foreign_page(request({{"Entrepot-Page", "1"}, {"Sec-Fetch-Site", "cross-site"}}), true));
  EXPECT_FALSE(
      foreign_page(request({{"Entrepot-Page", "1"}, {"Sec-Fetch-Site", "same-origin"}}), true));
}

// A browser sends a password that it remembers with whatever a page makes it send.
TEST(CallerTest, WithoutACookieAnotherSitesPageIsToldAsWell) {
  EXPECT_FALSE(foreign_page(request({}), false));
  EXPECT_TRUE(foreign_page(request({{"Origin", "http://evil.test"}}), false));
  EXPECT_TRUE(foreign_page(request({{"Sec-Fetch-Site", "cross-site"}}), false));
}

TEST(CallerTest, BehindTlsTheCookieIsTheHostsAlone) {
  const auto secure = make_request("POST", "http://registry.test/api/v1/sessions",
                                   {{"X-Forwarded-Proto", "https"}});
  const std::string cookie = session_cookie(secure, "s", std::chrono::seconds(60));
  EXPECT_EQ(cookie, "__Host-entrepot-443=s; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure");
  const std::string plain = session_cookie(request({}), "", std::chrono::seconds(60));
  EXPECT_EQ(plain, "entrepot-http-5000=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
}

}  // namespace
}  // namespace entrepot::api::rest
