// Patterns and names: no input hangs, and what matches does so by the rules that people read.

#include <string_view>

#include "access/pattern.h"
#include "base/check.h"
#include "oci/name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using entrepot::access::Pattern;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t space = input.find(' ');
  if (space == std::string_view::npos) return 0;
  const auto pattern = Pattern::parse(input.substr(0, space));
  const std::string_view name = input.substr(space + 1);
  if (!pattern || !entrepot::oci::RepositoryName::is_valid(name)) return 0;
  const bool matches = pattern->matches(name);
  if (pattern->is_literal()) CHECK(matches == (pattern->str() == name));
  if (matches && !pattern->name_space().empty()) {
    CHECK(name.starts_with(pattern->name_space()));
    CHECK(name.size() > pattern->name_space().size());
  }
  return 0;
}
