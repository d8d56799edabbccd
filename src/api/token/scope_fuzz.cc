// Scopes: a repository in one is a name that a repository may have, or none.

#include <string>
#include <string_view>

#include "api/token/scope.h"
#include "base/check.h"
#include "oci/name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace entrepot::api::token;
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto scopes = parse_scopes({input});
  CHECK(scopes.size() <= kMostScopes);
  for (const Scope& scope : scopes) {
    CHECK(scope.repository.empty() || entrepot::oci::RepositoryName::is_valid(scope.repository));
  }
  return 0;
}
