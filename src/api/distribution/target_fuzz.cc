// Whatever a path spells: a name that is judged valid is one, holds nothing that anybody could
// decode once more, and is the same before and after it was made its own.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/distribution/api.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace entrepot;
  const std::string path = "/v2/" + std::string(reinterpret_cast<const char*>(data), size);
  for (const http::Method method : {http::Method::Get, http::Method::Post, http::Method::Put}) {
    const auto found = http::find_route(api::distribution::routes(), method, path);
    if (found.row == nullptr) continue;
    api::distribution::Target target(found.path);
    const std::string name(target.name());
    const std::string rest(target.rest());
    const bool valid = !target.problem().has_value();
    if (valid && found.path.count > 0) {
      CHECK(oci::RepositoryName::parse(name).has_value());
      CHECK(name.find_first_of("%\\\0?#", 0, 5) == name.npos);
    }
    target.own();
    CHECK(target.name() == name && target.rest() == rest);
    CHECK(valid == !target.problem().has_value());
  }
  return 0;
}
