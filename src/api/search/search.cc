#include "api/search/search.h"

#include <algorithm>
#include <charconv>

#include "http/router.h"
#include "hub/search.h"
#include "json/writer.h"

namespace entrepot::api::search {
namespace {

constexpr std::string_view kPingRoute = "/v1/_ping";
constexpr std::string_view kSearchRoute = "/v1/search";
constexpr std::size_t kUsualPage = 25;
constexpr std::size_t kLargestPage = 100;
constexpr std::size_t kMostLookedAt = 100'000;
// Names and descriptions of a chunk, and of all results.
constexpr std::size_t kWorkBytes = 4u << 20;

http::Response json_answer(int status, std::string body, std::string_view route) {
  auto response = http::Response::text(status, "application/json", std::move(body));
  response.route = route;
  return response;
}

http::Response problem(int status, std::string_view message) {
  std::string body;
  json::Writer(body).begin_object().member("error", message).end_object().end_line();
  return json_answer(status, std::move(body), kSearchRoute);
}

// A number that is none, or out of bounds, is as if it were not there, as it was in version 1.
std::size_t number_of(const http::Request& request, std::string_view name, std::size_t most,
                      std::size_t usual) {
  const std::string text = request.parameter(name).value_or("");
  std::size_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && at == end && number >= 1 && number <= most ? number : usual;
}

void write(json::Writer& json, const hub::Match& match) {
  json.begin_object()
      .member("name", std::string_view(match.name))
      .member("description", std::string_view(match.description))
      .member("star_count", 0)
      .member("is_official", false)
      .member("is_automated", false)
      .member("is_trusted", false)
      .end_object();
}

}  // namespace

ReadEdge::Routed Search::route(const http::Request& request) const {
  const std::string_view path = request.path().substr(prefix_.size());
  if (path != kPingRoute && path != kSearchRoute) return problem(404, "there is nothing here");
  if (request.method() != http::Method::Get && request.method() != http::Method::Head) {
    auto response = problem(405, "this is read by GET");
    response.with("Allow", http::list_of(http::kGetBits));
    return response;
  }
  if (path == kPingRoute) {
    auto response = json_answer(200, "true\n", kPingRoute);
    response.with("X-Docker-Registry-Standalone", "true");
    return response;
  }
  auto question = std::make_unique<Question>();
  question->work_bytes = kWorkBytes;
  question->reads_long = true;
  return question;
}

http::Response Search::answer(Context& context, const http::Request& request,
                              const Question& question) const {
  const std::string text = request.parameter("q").value_or("");
  const std::size_t size = number_of(request, "n", kLargestPage, kUsualPage);
  const std::size_t page = number_of(request, "page", kMostResults, 1);
  const auto asked = gate().question(request, *question.admission.subject, access::Action::See, "");
  const auto found =
      hub::search(context, store_, gate().policy(), asked,
                  {.text = text, .limit = kMostResults, .most_looked_at = kMostLookedAt});
  if (!found) return failed(request, found.error());
  const auto& matches = found->matches;
  std::string body;
  json::Writer json(body);
  json.begin_object()
      .member("query", std::string_view(text))
      .member("num_results", matches.size())
      .member("num_pages", (matches.size() + size - 1) / size)
      .member("page", page)
      .member("page_size", size)
      .key("results")
      .begin_array();
  const std::size_t begin = std::min((page - 1) * size, matches.size());
  const std::size_t end = std::min(begin + size, matches.size());
  for (std::size_t i = begin; i < end; ++i) write(json, matches[i]);
  json.end_array().end_object().end_line();
  auto response = json_answer(200, std::move(body), kSearchRoute);
  response.actor = question.admission.subject->name();
  return response;
}

http::Response Search::denied(const http::Request& /*request*/,
                              const Question& /*question*/) const {
  return problem(403, "you may not search here");
}

http::Response Search::failed(const http::Request& /*request*/, const Error& error) const {
  switch (error.code) {
    case ErrorCode::Unauthenticated: {
      auto response = problem(401, error.message);
      response.with("WWW-Authenticate", "Basic realm=\"entrepot\"");
      return response;
    }
    case ErrorCode::Denied:
      return problem(403, error.message);
    case ErrorCode::RateLimited:
      return problem(429, error.message);
    default:
      return problem(503, "the registry is busy or away: try again later");
  }
}

void Search::dress(const http::Request* /*request*/, http::Response& response) {
  response.with("X-Content-Type-Options", "nosniff").with("Cache-Control", "no-store");
}

http::Response Search::refuse(const http::Refusal& refusal) {
  return problem(refusal.status, refusal.message);
}

}  // namespace entrepot::api::search
