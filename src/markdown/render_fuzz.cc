// Markdown: whatever is written, every "<" that comes out begins an element of ours.

#include <string_view>

#include "base/check.h"
#include "markdown/render.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto html = entrepot::markdown::render(input, "https://own/badges/");
  if (!html) return 0;
  for (std::size_t at = html->find('<'); at != std::string::npos; at = html->find('<', at + 1)) {
    const std::size_t end = html->find('>', at);
    CHECK(end != std::string::npos);
    const std::string_view tag = std::string_view(*html).substr(at, end - at);
    CHECK(tag.find('<', 1) == std::string_view::npos);
    CHECK(!tag.starts_with("<script") && !tag.starts_with("<style") && !tag.starts_with("<svg"));
  }
  return 0;
}
