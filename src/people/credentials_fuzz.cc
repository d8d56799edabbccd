// Authorization headers: whatever comes, it is a name and a secret, a token, or an error.

#include <string_view>

#include "base/check.h"
#include "people/bounds.h"
#include "people/credentials.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace entrepot::people;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto given = parse_authorization(input);
  if (given) {
    if (const auto* basic = std::get_if<BasicCredentials>(&*given)) {
      CHECK(basic->name.find(':') == std::string::npos);
    } else {
      CHECK(!std::get<BearerCredentials>(*given).token.empty());
    }
  } else {
    CHECK(given.error().code == entrepot::ErrorCode::Unauthenticated);
  }
  // What is kept of a bound is read as it was written.
  const auto bound = parse_bound(input);
  if (bound) CHECK(to_json(*parse_bound(to_json(*bound))) == to_json(*bound));
  return 0;
}
