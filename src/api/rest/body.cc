#include "api/rest/body.h"

#include "people/roles.h"

namespace entrepot::api::rest {

Result<json::Document> parse_body(std::string_view body) {
  if (body.empty()) return fail(ErrorCode::InvalidArgument, "body: a JSON object is missing");
  return json::Document::parse(body, "body");
}

std::optional<meta::RepositoryRole> parse_given_role(std::string_view text) {
  const auto role = people::parse_repository_role(text);
  return role == meta::RepositoryRole::None ? std::nullopt : role;
}

}  // namespace entrepot::api::rest
