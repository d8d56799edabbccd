#include "api/rest/problem.h"

#include "json/writer.h"

namespace entrepot::api::rest {
namespace {

struct Row {
  ErrorCode error;
  int status;
  std::string_view code;
};

constexpr Row kRows[] = {
    {ErrorCode::NotFound, 404, "not_found"},
    {ErrorCode::MissingReference, 404, "not_found"},
    {ErrorCode::AlreadyExists, 409, "exists"},
    {ErrorCode::Conflict, 409, "conflict"},
    {ErrorCode::PreconditionFailed, 412, "precondition_failed"},
    {ErrorCode::InvalidArgument, 400, "invalid"},
    {ErrorCode::OutOfRange, 400, "invalid"},
    {ErrorCode::DigestMismatch, 400, "invalid"},
    {ErrorCode::Unsupported, 400, "unsupported"},
    {ErrorCode::Unauthenticated, 401, "unauthenticated"},
    {ErrorCode::Denied, 403, "denied"},
    {ErrorCode::TooLarge, 413, "too_large"},
    {ErrorCode::QuotaExceeded, 403, "quota_exceeded"},
    {ErrorCode::RateLimited, 429, "rate_limited"},
    {ErrorCode::StorageFull, 507, "storage_full"},
    {ErrorCode::Unavailable, 503, "unavailable"},
    {ErrorCode::Timeout, 503, "unavailable"},
    {ErrorCode::Cancelled, 503, "unavailable"},
};

std::string_view title_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 503:
      return "Service Unavailable";
    case 507:
      return "Insufficient Storage";
    default:
      return status < 500 ? "Bad Request" : "Internal Server Error";
  }
}

}  // namespace

http::Response problem(int status, std::string_view code, std::string_view detail) {
  std::string body;
  json::Writer(body)
      .begin_object()
      .member("type", std::string_view("about:blank"))
      .member("title", title_of(status))
      .member("status", status)
      .member("code", code)
      .member("detail", detail)
      .end_object()
      .end_line();
  return http::Response::text(status, "application/problem+json", std::move(body));
}

http::Response to_problem(const Error& error) {
  for (const Row& row : kRows) {
    if (row.error != error.code) continue;
    if (row.status == 503) {
      auto response = problem(503, row.code, "the registry is busy or away: try again later");
      response.with("Retry-After", "1");
      return response;
    }
    auto response = problem(row.status, row.code, error.message);
    if (row.status == 429) response.with("Retry-After", "60");
    return response;
  }
  return problem(500, "internal", "a fault of the server's: its log says more");
}

http::Response refuse(const access::Decision& decision, bool is_read) {
  using Verdict = access::Decision::Verdict;
  if (is_read || decision.verdict == Verdict::Absent) return not_found();
  if (decision.verdict == Verdict::Unauthenticated) {
    return problem(401, "unauthenticated", decision.reason);
  }
  return problem(403, "denied", decision.reason);
}

http::Response not_found() {
  return problem(404, "not_found", "there is nothing here, or nothing that you may see");
}

}  // namespace entrepot::api::rest
