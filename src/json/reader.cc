#include "json/reader.h"

#include "json/internal/big_numbers.h"

namespace entrepot::json {
namespace {

constexpr std::size_t kMaxDepth = 100;

std::string_view describe(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return "not valid UTF-8";
    case simdjson::NUMBER_ERROR:
      return "a malformed number";
    case simdjson::STRING_ERROR:
    case simdjson::UNESCAPED_CHARS:
    case simdjson::UNCLOSED_STRING:
      return "a malformed string";
    case simdjson::DEPTH_ERROR:
      return "nested too deeply";
    case simdjson::EMPTY:
      return "no bytes";
    default:
      return "malformed JSON";
  }
}

}  // namespace

Place Place::behind(Step step) const {
  Place inside = *this;
  if (depth_ < steps_.size()) inside.steps_[inside.depth_++] = step;
  return inside;
}

std::string Place::text() const {
  if (depth_ == 0) return std::string(document_);
  std::string text;
  for (std::size_t i = 0; i < depth_; ++i) {
    const auto& [name, number] = steps_[i];
    if (name == nullptr) {
      text += fmt::format("[{}]", number);
    } else {
      text.append(text.empty() ? "" : ".").append(name, number);
    }
  }
  return text;
}

Failure Value::invalid(std::string_view what) const {
  return fail(ErrorCode::InvalidArgument, "{}: {}", place_.text(), what);
}

// The DOM and not "on demand", which would check no more than what is asked for.
Result<Document> Document::parse(ByteView text, std::string_view name) {
  // simdjson copies what it is given, and nothing may be copied from nowhere.
  if (text.data() == nullptr) text = "";
  Document document(name);
  simdjson::dom::parser& parser = document.parser_;
  auto error = parser.allocate(text.size(), kMaxDepth);
  if (!error) error = parser.parse(text.data(), text.size()).error();
  if (error == simdjson::NUMBER_ERROR) {
    // It may be one that simdjson has no type for. JSON knows no limit, and nobody reads it.
    const Bytes smaller = internal::without_big_numbers(text);
    error = parser.parse(smaller.data(), smaller.size()).error();
  }
  if (error == simdjson::MEMALLOC) return fail(ErrorCode::Unavailable, "{}: out of memory", name);
  if (error) return fail(ErrorCode::InvalidArgument, "{}: {}", name, describe(error));
  return document;
}

}  // namespace entrepot::json
