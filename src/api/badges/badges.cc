#include "api/badges/badges.h"

#include "api/badges/line.h"
#include "api/badges/picture.h"
#include "base/log.h"
#include "http/router.h"

namespace entrepot::api::badges {
namespace {

constexpr std::string_view kRoute = "badge";

struct Asked final : ReadEdge::Question {
  Badge badge;
};

http::Response picture(std::string svg) {
  auto response = http::Response::text(200, "image/svg+xml", std::move(svg));
  response.route = kRoute;
  return response;
}

http::Response not_found() { return picture(draw_not_found()); }

http::Response text(int status, std::string_view what) {
  auto response =
      http::Response::text(status, "text/plain; charset=utf-8", std::string(what) + '\n');
  response.route = kRoute;
  return response;
}

// Does it come of what is asked for, or of nobody being able to say?
bool is_passing(const Error& error) {
  return error.code == ErrorCode::Unavailable || error.code == ErrorCode::Timeout ||
         error.code == ErrorCode::Cancelled;
}

}  // namespace

ReadEdge::Routed Badges::route(const http::Request& request) const {
  if (request.method() != http::Method::Get && request.method() != http::Method::Head) {
    auto response = text(405, "badges are read by GET");
    response.with("Allow", http::list_of(http::kGetBits));
    return response;
  }
  const auto path = http::percent_decode(request.path().substr(prefix_.size()), false);
  auto asked = std::make_unique<Asked>();
  const Path kind = path ? parse(*path, asked->badge) : Path::NoBadge;
  if (kind == Path::NoBadge) return text(404, "there is no such badge");
  if (kind == Path::NoName) return not_found();
  asked->repository = asked->badge.repository;
  asked->action = access::Action::Pull;
  asked->work_bytes = insight::ImageReader::kWorkBytes;
  return asked;
}

http::Response Badges::answer(Context& context, const http::Request& request,
                              const Question& question) const {
  const Badge& badge = static_cast<const Asked&>(question).badge;
  const auto line = read_line(context, parts_.pull, parts_.meta, badge);
  if (!line) return failed(request, line.error());
  if (line->empty()) return not_found();
  return picture(draw(badge.kind, *line));
}

http::Response Badges::denied(const http::Request& /*request*/,
                              const Question& /*question*/) const {
  return not_found();
}

http::Response Badges::failed(const http::Request& /*request*/, const Error& error) const {
  if (!is_passing(error)) return not_found();
  auto response = text(503, "the registry is busy or away: try again later");
  response.with("Retry-After", "1");
  return response;
}

void Badges::dress(const http::Request* /*request*/, http::Response& response) {
  response.with("Cache-Control", "no-cache")
      .with("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
      .with("X-Content-Type-Options", "nosniff")
      // Other sites' pages show it.
      .with("Cross-Origin-Resource-Policy", "cross-origin");
}

http::Response Badges::refuse(const http::Refusal& refusal) {
  return text(refusal.status, refusal.message);
}

}  // namespace entrepot::api::badges
