#include "json/text.h"

#include "json/writer.h"

namespace entrepot::json {
namespace {

const auto kNothing = [](const auto&...) -> Result<void> { return {}; };

// At most as deep as the reader goes.
void write(Writer& out, const Value& value) {
  const auto element = [&](const Value& inside) -> Result<void> {
    write(out, inside);
    return {};
  };
  const auto member = [&](std::string_view key, const Value& inside) -> Result<void> {
    out.key(key);
    return element(inside);
  };
  if (const auto text = value.as<std::string_view>()) {
    out.value(*text);
  } else if (const auto number = value.as<std::int64_t>()) {
    out.value(*number);
  } else if (const auto large = value.as<std::uint64_t>()) {
    out.value(*large);
  } else if (const auto fraction = value.as<double>()) {
    out.raw(fmt::format("{}", *fraction));
  } else if (const auto truth = value.as<bool>()) {
    out.value(*truth);
  } else if (value.each_element("", kNothing)) {
    out.begin_array();
    static_cast<void>(value.each_element("", element));
    out.end_array();
  } else if (value.each_member("", kNothing)) {
    out.begin_object();
    static_cast<void>(value.each_member("", member));
    out.end_object();
  } else {
    out.null();
  }
}

}  // namespace

std::string text_of(const Value& value) {
  std::string json;
  Writer writer(json);
  write(writer, value);
  return json;
}

}  // namespace entrepot::json
