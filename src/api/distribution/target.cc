#include "api/distribution/target.h"

#include <algorithm>

#include "oci/name.h"

namespace entrepot::api::distribution {

Target::Target(const http::PathMatch& path)
    : names_repository_(path.count > 0),
      name_(part_of(path.values[0])),
      rest_(part_of(path.values[1])) {}

Target::Part Target::part_of(std::string_view text) {
  Part part{text, std::nullopt};
  if (text.find('%') == text.npos) return part;
  auto plain = http::percent_decode(text, false);
  const auto slashes = [](std::string_view of) { return std::count(of.begin(), of.end(), '/'); };
  if (plain && slashes(*plain) == slashes(text)) part.owned = *std::move(plain);
  return part;
}

std::optional<Error> Target::problem() const {
  if (!names_repository_ || oci::RepositoryName::is_valid(name())) return std::nullopt;
  return oci::RepositoryName::parse(name()).error();
}

void Target::own() {
  for (Part* part : {&name_, &rest_}) {
    if (!part->owned) part->owned = std::string(part->view);
  }
}

}  // namespace entrepot::api::distribution
