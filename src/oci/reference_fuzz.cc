#include "base/check.h"
#include "oci/name.h"

using namespace entrepot;

namespace {

// What every store and path relies on, said differently than the parser does.
void check_name(const std::string& name) {
  CHECK(!name.empty() && name.size() <= oci::RepositoryName::kMaxLength);
  for (const std::string_view never :
       {"..", "//", "/.", "./", "/-", "-/", "/_", "_/", "___", "._"}) {
    CHECK(name.find(never) == std::string::npos);
  }
  CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-/") == std::string::npos);
  CHECK(std::string_view("._-/").find(name.front()) == std::string_view::npos);
  CHECK(std::string_view("._-/").find(name.back()) == std::string_view::npos);
}

}  // namespace

// A text is refused or is exactly what the value prints.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const char*>(data), size);
  if (const auto name = oci::RepositoryName::parse(input)) {
    CHECK(name->str() == input);
    check_name(name->str());
    CHECK(name->str().starts_with(name->name_space()));
  }
  if (const auto tag = oci::Tag::parse(input)) {
    CHECK(tag->str() == input && input.size() <= 128);
    CHECK(input.find('/') == ByteView::npos && input.front() != '.');
  }
  if (const auto reference = oci::parse_reference(input)) CHECK(to_string(*reference) == input);
  return 0;
}
