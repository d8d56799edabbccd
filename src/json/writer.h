#pragma once
// json/writer.h — JSON without blanks, appended to a text.

#include <concepts>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace entrepot::json {

// Appends `text` as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD.
void append_string(std::string& out, std::string_view text);

// Appends one value, part by part: it sets commas and quotes, its caller pairs the brackets.
//
//   json::Writer json(out);
//   json.begin_object().member("name", name).key("tags").begin_array();
//   for (const std::string& tag : tags) json.value(tag);
//   json.end_array().end_object();  // {"name":"app","tags":["1","2"]}
//
// Has no memory of its own: the text tells what came before.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out), begin_(out.size()) {}

  Writer& begin_object() { return begin('{'); }
  Writer& end_object() { return end('}'); }
  Writer& begin_array() { return begin('['); }
  Writer& end_array() { return end(']'); }
  Writer& end_line() { return end('\n'); }  // behind the value

  Writer& key(std::string_view name) {
    value(name);
    return end(':');
  }

  Writer& value(std::string_view text) {
    separate();
    append_string(out_, text);
    return *this;
  }
  Writer& value(std::same_as<bool> auto truth) {
    separate();
    out_ += truth ? "true" : "false";
    return *this;
  }
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) Writer& value(Number number) {
    separate();
    const fmt::format_int digits(number);
    out_.append(digits.data(), digits.size());
    return *this;
  }

  // A value that is JSON already.
  Writer& raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
  }
  Writer& null() {
    separate();
    out_ += "null";
    return *this;
  }

  Writer& member(std::string_view name, const auto& held) { return key(name).value(held); }

 private:
  // A string ends with a quote, so what these end is no text.
  void separate() {
    if (out_.size() > begin_ &&
        std::string_view("{[:").find(out_.back()) == std::string_view::npos) {
      out_ += ',';
    }
  }
  Writer& begin(char bracket) {
    separate();
    return end(bracket);
  }
  Writer& end(char last) {
    out_ += last;
    return *this;
  }

  std::string& out_;
  const std::size_t begin_;
};

}  // namespace entrepot::json
