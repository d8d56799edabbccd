#include "ui/page.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "http/server/testing/request.h"

namespace entrepot::ui {
namespace {

using http::server::testing::Headers;
using http::server::testing::make_request;

constexpr std::string_view kShell = R"(<html data-prefix="{prefix}" data-host="{host}">
<script src="{prefix}/-/assets/page-1a.js"></script>)";

// As web/build.mjs writes them. The script has both other forms, the mark none.
std::string small_pack() {
  return "mark-3c.svg 6 0 0\npage-1a.js 10 7 6\nshell.html " + std::to_string(kShell.size()) +
         " 0 0\n\n<svg/>console();as gzipas br." + std::string(kShell);
}

const Headers kBrowser = {
    {"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
    {"Accept-Encoding", "gzip, deflate, br, zstd"}};

class PageTest : public ::testing::Test {
 protected:
  static http::Response ask(Page& page, std::string_view method, std::string_view target,
                            const Headers& headers) {
    const auto request = make_request(method, target, headers);
    auto response = page.answer_from_memory(request).value();
    page.dress(&request, response);
    return response;
  }
  http::Response get(std::string_view target, const Headers& headers = kBrowser) {
    return ask(page_, "GET", target, headers);
  }
  static std::string header(const http::Response& response, std::string_view name) {
    std::string all;
    for (const auto& [key, value] : response.headers) {
      if (key == name) all += all.empty() ? value : " and " + value;
    }
    return all;
  }
  static std::string body(const http::Response& response) {
    const SharedBytes* bytes = response.body.bytes();
    return bytes == nullptr || *bytes == nullptr ? "" : **bytes;
  }

  Page page_{unpack(small_pack()), {}};
};

TEST_F(PageTest, BrowserGetsTheShellAtEveryAddress) {
  for (const char* path : {"/", "/acme/app", "/acme/app/-/image/1.2?platform=linux%2Farm64",
                           "/-/sign-in", "/-/r/v2/app", "/nothing", "/v20", "/apis"}) {
    const auto response = get(path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(header(response, "Content-Type"), "text/html; charset=utf-8") << path;
    EXPECT_NE(body(response).find("\"/-/assets/page-1a.js\""), std::string::npos) << path;
  }
  EXPECT_EQ(ask(page_, "HEAD", "/acme/app", kBrowser).status, 200);
}

TEST_F(PageTest, WhoIsNoBrowserIsToldWhatThisIs) {
  for (const Headers& headers : {Headers{}, Headers{{"Accept", "*/*"}},
                                 Headers{{"Accept", "application/json, text/html;q=0"}}}) {
    EXPECT_EQ(get("/", headers).status, 200);
    EXPECT_EQ(header(get("/", headers), "Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(get("/acme/app", headers).status, 404);
  }
}

TEST_F(PageTest, WhatProgramsAskForIsNoPage) {
  for (const char* path : {"/v1/search", "/api/v1/me", "/badges/image/a.svg", "/metrics"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
}

TEST_F(PageTest, OnlyReadingIsAnswered) {
  const auto posted = ask(page_, "POST", "/", kBrowser);
  EXPECT_EQ(posted.status, 405);
  EXPECT_EQ(header(posted, "Allow"), "GET, HEAD");
  EXPECT_EQ(ask(page_, "DELETE", "/acme/app", kBrowser).status, 404);
}

TEST_F(PageTest, AssetsComeInTheShortestFormThatTheClientTakes) {
  const auto asked_with = [&](const std::string& accepted) {
    return get("/-/assets/page-1a.js", {{"Accept-Encoding", accepted}});
  };
  EXPECT_EQ(body(asked_with("gzip, br")), "as br.");
  EXPECT_EQ(header(asked_with("gzip, br"), "Content-Encoding"), "br");
  EXPECT_EQ(body(asked_with("gzip;q=0.5, br;q=0")), "as gzip");
  EXPECT_EQ(header(asked_with("GZIP"), "Content-Encoding"), "gzip");
  EXPECT_EQ(body(asked_with("identity")), "console();");
  EXPECT_EQ(header(asked_with("identity"), "Content-Encoding"), "");
  EXPECT_EQ(header(asked_with("br"), "Vary"), "Accept-Encoding");
  EXPECT_EQ(body(get("/-/assets/mark-3c.svg")), "<svg/>") << "it has no other form";
  EXPECT_EQ(header(get("/-/assets/mark-3c.svg"), "Content-Type"), "image/svg+xml");
}

TEST_F(PageTest, AssetsNeverChange) {
  const auto first = get("/-/assets/page-1a.js");
  EXPECT_EQ(header(first, "Cache-Control"), "public, max-age=31536000, immutable");
  const std::string etag = header(first, "ETag");
  Headers again = kBrowser;
  again.emplace_back("If-None-Match", "\"other\", W/" + etag);
  const auto second = get("/-/assets/page-1a.js", again);
  EXPECT_EQ(second.status, 304);
  EXPECT_EQ(body(second), "");
  EXPECT_EQ(header(second, "ETag"), etag);
  EXPECT_NE(header(get("/-/assets/page-1a.js", {}), "ETag"), etag) << "each form has its own";
}

TEST_F(PageTest, ShellIsAskedForAgainEachTime) {
  const auto first = get("/acme/app");
  EXPECT_EQ(header(first, "Cache-Control"), "no-cache");
  Headers again = kBrowser;
  again.emplace_back("If-None-Match", header(first, "ETag"));
  EXPECT_EQ(get("/acme/app", again).status, 304);
  Page elsewhere(unpack(small_pack()), {.prefix = "/registry", .host = ""});
  EXPECT_EQ(ask(elsewhere, "GET", "/registry/", again).status, 200) << "it is another shell";
}

TEST_F(PageTest, WhatIsNoAssetIsNotThere) {
  for (const char* name : {"", "shell.html", "page-1b.js", "../shell.html", "page-1a.js/"}) {
    const auto response = get("/-/assets/" + std::string(name));
    EXPECT_EQ(response.status, 404) << name;
    EXPECT_EQ(header(response, "Cache-Control"), "no-store") << name;
  }
}

TEST_F(PageTest, EveryAnswerIsGuarded) {
  for (const char* path : {"/", "/acme/app", "/-/assets/page-1a.js", "/-/assets/none", "/v1/x"}) {
    const auto response = get(path);
    const std::string policy = header(response, "Content-Security-Policy");
    EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    EXPECT_EQ(policy.find("unsafe"), std::string::npos) << path;
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos) << path;
    EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(header(response, "Referrer-Policy"), "same-origin") << path;
    EXPECT_EQ(header(response, "Cross-Origin-Opener-Policy"), "same-origin") << path;
    EXPECT_EQ(header(response, "Cross-Origin-Resource-Policy"), "same-origin") << path;
  }
}

TEST_F(PageTest, StandsBelowThePrefix) {
  Page page(unpack(small_pack()), {.prefix = "/registry", .host = "r.example.com"});
  const auto at = [&](std::string_view path) { return ask(page, "GET", path, kBrowser); };
  EXPECT_NE(body(at("/registry")).find("\"/registry/-/assets/page-1a.js\""), std::string::npos);
  EXPECT_NE(body(at("/registry/a")).find("data-prefix=\"/registry\" data-host=\"r.example.com\""),
            std::string::npos);
  EXPECT_EQ(at("/registry/-/assets/page-1a.js").status, 200);
  EXPECT_EQ(header(at("/"), "Content-Type"), "text/plain; charset=utf-8");
  for (const char* outside : {"/a", "/registryx", "/-/assets/page-1a.js"}) {
    EXPECT_EQ(at(outside).status, 404) << outside;
  }
}

TEST_F(PageTest, WhatIsConfiguredIsTextInTheShell) {
  Page page(unpack(small_pack()), {.prefix = "", .host = "\"><script>&"});
  EXPECT_NE(body(ask(page, "GET", "/", kBrowser)).find("\"&quot;>&lt;script>&amp;\""),
            std::string::npos);
}

TEST_F(PageTest, BuildWithoutThePageSaysHowToGetOne) {
  Page page(unpack(""), {});
  const auto response = ask(page, "GET", "/acme/app", kBrowser);
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(body(response).find("./dev build"), std::string::npos);
}

// Empty in a build without Node alone; that `./dev build` has a page, tests/page would miss.
TEST(EmbeddedPack, IsWholeOrEmpty) {
  const Assets assets = unpack(embedded_pack());
  ASSERT_EQ(assets.contains("shell.html"), !embedded_pack().empty());
  for (const auto& [name, asset] : assets) {
    if (!name.ends_with(".js") && !name.ends_with(".css")) continue;
    EXPECT_NE(asset.in(Encoding::Gzip), nullptr) << name;
    EXPECT_NE(asset.in(Encoding::Brotli), nullptr) << name;
  }
  for (const auto& [name, asset] : assets) {
    if (name != "shell.html") continue;
    EXPECT_NE(asset.in(Encoding::Identity)->find("{prefix}/-/assets/page-"), std::string::npos);
  }
}

}  // namespace
}  // namespace entrepot::ui
