#include "api/token/scope.h"

#include <algorithm>

#include "oci/name.h"
#include "people/bounds.h"

namespace entrepot::api::token {
namespace {

// Takes what stands before the next `separator` off the front.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view first = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return first;
}

access::Actions actions_in(std::string_view list) {
  access::Actions actions;
  while (!list.empty()) actions = actions | people::actions_of_scope(take(list, ','));
  return actions;
}

}  // namespace

std::optional<Scope> parse_scope(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t last = text.rfind(':');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  const std::string_view type = text.substr(0, first);
  const std::string_view name = text.substr(first + 1, last - first - 1);
  const std::string_view actions = text.substr(last + 1);
  if (type == "registry" && name == "catalog") {
    return Scope{"", {access::Action::ListCatalog}};
  }
  const bool is_repository = type == "repository" || type.starts_with("repository(");
  if (!is_repository || !oci::RepositoryName::is_valid(name)) return std::nullopt;
  return Scope{std::string(name), actions_in(actions)};
}

std::vector<Scope> parse_scopes(const std::vector<std::string>& values) {
  std::vector<Scope> scopes;
  for (const std::string& value : values) {
    std::string_view rest = value;
    while (!rest.empty()) {
      auto scope = parse_scope(take(rest, ' '));
      if (!scope) continue;
      if (scopes.size() == kMostScopes) return scopes;
      scopes.push_back(*std::move(scope));
    }
  }
  return scopes;
}

}  // namespace entrepot::api::token
