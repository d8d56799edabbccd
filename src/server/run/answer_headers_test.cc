#include "server/run/answer_headers.h"

#include <gtest/gtest.h>

namespace entrepot::server {
namespace {

std::vector<std::string> values(const http::Response& response, std::string_view name) {
  std::vector<std::string> found;
  for (const auto& [key, value] : response.headers) {
    if (http::equals_ignoring_case(key, name)) found.push_back(value);
  }
  return found;
}

http::Response with(const AnswerHeaders& headers, http::Response response,
                    std::optional<std::string_view> origin) {
  headers.put_on(response, origin);
  return response;
}

using Lines = std::vector<HeaderLine>;
using Values = std::vector<std::string>;

TEST(AnswerHeaders, ReplaceWhatTheAnswerHad) {
  const AnswerHeaders headers(
      {{"x-content-type-options", "nosniff"}, {"X-Two", "a"}, {"X-Two", "b"}});
  http::Response response;
  response.with("X-Content-Type-Options", "ours").with("Location", "/v2/");
  const auto sent = with(headers, std::move(response), std::nullopt);
  EXPECT_EQ(values(sent, "X-Content-Type-Options"), Values{"nosniff"});
  EXPECT_EQ(values(sent, "X-Two"), (Values{"a", "b"}));
  EXPECT_EQ(values(sent, "Location"), Values{"/v2/"});
}

TEST(AnswerHeaders, OfSeveralPagesTheAskingOneIsNamed) {
  const AnswerHeaders two({{"Access-Control-Allow-Origin", "http://a.example"},
                           {"access-control-allow-origin", "https://b.example:8443/"}});
  const auto allowed = [&](const AnswerHeaders& headers, std::string_view origin) {
    return values(with(headers, {}, origin), "Access-Control-Allow-Origin");
  };
  EXPECT_EQ(allowed(two, "https://b.example:8443"), Values{"https://b.example:8443"});
  EXPECT_EQ(values(with(two, {}, "http://a.example"), "Vary"), Values{"Origin"});
  EXPECT_EQ(allowed(two, "http://evil.example").size(), 2u);
  const AnswerHeaders list(
      Lines{{"Access-Control-Allow-Origin", "http://a.example, http://b.example"}});
  EXPECT_EQ(allowed(list, "http://b.example"), Values{"http://b.example"});
  const AnswerHeaders one(Lines{{"Access-Control-Allow-Origin", "http://a.example"}});
  EXPECT_EQ(allowed(one, "http://a.example"), Values{"http://a.example"});
  EXPECT_EQ(values(with(one, {}, "http://a.example"), "Vary"), Values{});
}

}  // namespace
}  // namespace entrepot::server
