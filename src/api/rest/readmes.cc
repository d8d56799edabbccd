#include "api/rest/readmes.h"

#include "api/external_address.h"
#include "api/rest/page.h"
#include "api/rest/problem.h"
#include "api/rest/rows.h"
#include "hub/words.h"
#include "markdown/render.h"
#include "registry/home.h"

namespace entrepot::api::rest {
namespace {

std::optional<http::Response> wrong_type(const http::Request& request) {
  std::string_view type = request.header("Content-Type").value_or("");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (http::equals_ignoring_case(type, "text/markdown")) return std::nullopt;
  return problem(415, "unsupported", "a README comes as Content-Type: text/markdown");
}

// Badges of this registry, as its page hands them out, are the only images.
Result<std::string> html_of(const Call& call, std::string_view markdown) {
  const std::string address = external_address(call.request);
  const std::string_view path = call.request.path();
  const std::string_view prefix = path.substr(0, path.find("/api/v1/"));
  std::string own = address.empty() ? "" : address + std::string(prefix) + "/badges/";
  return markdown::render(markdown, own);
}

// The time of a README's last change, in quotes: its entity tag.
std::string tag_of(WallTime changed_at) { return fmt::format("\"{}\"", to_rfc3339(changed_at)); }

// If-Match with one tag, as get() gave it, or If-None-Match: *; PreconditionFailed for a tag that
// no README ever had.
Result<hub::Seen> seen_by(const http::Request& request) {
  if (request.header("If-None-Match") == "*") return hub::Seen::nothing();
  const auto given = request.header("If-Match");
  if (!given || *given == "*") return hub::Seen();
  const bool quoted = given->size() > 2 && given->starts_with('"') && given->ends_with('"');
  const auto time = quoted ? parse_rfc3339(given->substr(1, given->size() - 2)) : std::nullopt;
  if (!time) return fail(ErrorCode::PreconditionFailed, "If-Match: no README has had that tag");
  return hub::Seen::at(*time);
}

// Reading it here does not hold up others who write: without room nothing waits.
Result<std::string> html_in_room(const Call& call, std::string_view markdown) {
  const auto room = call.services.account.try_work(markdown::kWorkBytes);
  if (!room) return fail(ErrorCode::Unavailable, "there is no memory for a README now");
  return html_of(call, markdown);
}

http::Response told(const meta::Readme& readme, const std::string& html) {
  std::string body;
  json::Writer json(body);
  write_readme(json, readme, html);
  json.end_line();
  auto response = answer(200, std::move(body));
  response.with("ETag", tag_of(readme.changed_at));
  return response;
}

}  // namespace

http::Response Readmes::get(Context& context, const Call& call) {
  const auto readme = call.services.meta.view<meta::Readme>(
      context, [&](const meta::Snapshot& snapshot) -> Result<meta::Readme> {
        TRY_ASSIGN(const auto repository, snapshot.repositories().find(call.repository()));
        return snapshot.words().readme(repository.id);
      });
  if (!readme) {
    return readme.error().code == ErrorCode::NotFound ? not_found() : to_problem(readme.error());
  }
  const auto html = html_of(call, readme->markdown);
  return html ? told(*readme, *html) : to_problem(html.error());
}

http::Response Readmes::put(Context& context, const Call& call) {
  if (auto wrong = wrong_type(call.request)) return *std::move(wrong);
  const auto seen = seen_by(call.request);
  if (!seen) return to_problem(seen.error());
  const auto html = html_in_room(call, call.body);
  if (!html) return to_problem(html.error());
  hub::Words words(call.services.meta, call.services.clock);
  const auto written = words.write_readme(context, registry::actor_of(call.subject),
                                          call.repository(), call.body, *seen);
  if (!written) return to_problem(written.error());
  return told({std::string(call.body), *written}, *html);
}

http::Response Readmes::remove(Context& context, const Call& call) {
  const auto seen = seen_by(call.request);
  if (!seen) return to_problem(seen.error());
  hub::Words words(call.services.meta, call.services.clock);
  const auto removed =
      words.remove_readme(context, registry::actor_of(call.subject), call.repository(), *seen);
  if (!removed) return to_problem(removed.error());
  http::Response response;
  response.status = 204;
  return response;
}

http::Response Readmes::preview(Context& /*context*/, const Call& call) {
  if (auto wrong = wrong_type(call.request)) return *std::move(wrong);
  const auto html = html_in_room(call, call.body);
  if (!html) return to_problem(html.error());
  std::string body;
  json::Writer(body).begin_object().member("html", std::string_view(*html)).end_object().end_line();
  return answer(200, std::move(body));
}

}  // namespace entrepot::api::rest
