#include "api/token/answers.h"

#include "json/writer.h"

namespace entrepot::api::token {

http::Response answer(int status, std::string body) {
  auto response = http::Response::text(status, "application/json", std::move(body));
  response.with("Cache-Control", "no-store");
  response.route = "token";
  return response;
}

http::Response problem(int status, std::string_view code, std::string_view message) {
  std::string body;
  json::Writer(body)
      .begin_object()
      .key("errors")
      .begin_array()
      .begin_object()
      .member("code", code)
      .member("message", message)
      .end_object()
      .end_array()
      .member("details", message)
      .end_object();
  return answer(status, std::move(body));
}

http::Response problem(const Error& error) {
  switch (error.code) {
    case ErrorCode::Unauthenticated: {
      auto response = problem(401, "UNAUTHORIZED", error.message);
      response.with("WWW-Authenticate", "Basic realm=\"entrepot\"");
      return response;
    }
    case ErrorCode::InvalidArgument:
      return problem(400, "UNSUPPORTED", error.message);
    case ErrorCode::Denied:
      return problem(403, "DENIED", error.message);
    case ErrorCode::RateLimited: {
      auto response = problem(429, "TOOMANYREQUESTS", error.message);
      response.with("Retry-After", "60");
      return response;
    }
    default: {
      auto response =
          problem(503, "UNAVAILABLE", "the token service is unavailable, try again later");
      response.with("Retry-After", "1");
      return response;
    }
  }
}

}  // namespace entrepot::api::token
