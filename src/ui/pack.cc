#include "ui/pack.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "ui/embedded.h"

namespace entrepot::ui {
namespace {

std::string_view content_type_of(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
  };
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

std::string_view take_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

std::size_t take_size(std::string_view& line) {
  const std::string_view word = take_word(line);
  std::size_t size = 0;
  const auto read = std::from_chars(word.data(), word.data() + word.size(), size);
  CHECK(read.ec == std::errc() && read.ptr == word.data() + word.size());
  return size;
}

}  // namespace

ByteView embedded_pack() {
  const auto files = embedded_files();
  const auto pack = std::find_if(files.begin(), files.end(),
                                 [](const EmbeddedFile& file) { return file.name == "page.pack"; });
  CHECK(pack != files.end());
  return pack->contents;
}

Assets unpack(ByteView pack) {
  Assets assets;
  if (pack.empty()) return assets;
  const std::size_t end = pack.find("\n\n");
  CHECK(end != std::string_view::npos);
  std::string_view list = pack.substr(0, end);
  std::string_view bytes = pack.substr(end + 2);
  while (!list.empty()) {
    const std::size_t line_end = std::min(list.find('\n'), list.size());
    std::string_view line = list.substr(0, line_end);
    list.remove_prefix(std::min(line_end + 1, list.size()));
    const std::string_view name = take_word(line);
    Asset asset;
    asset.content_type = content_type_of(name);
    for (SharedBytes& form : asset.forms) {
      const std::size_t size = take_size(line);
      CHECK(size <= bytes.size());
      if (size > 0) form = std::make_shared<const std::string>(bytes.substr(0, size));
      bytes.remove_prefix(size);
    }
    CHECK(asset.in(Encoding::Identity) != nullptr);
    assets.emplace(name, std::move(asset));
  }
  CHECK(bytes.empty());
  return assets;
}

}  // namespace entrepot::ui
