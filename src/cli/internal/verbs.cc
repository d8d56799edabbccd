#include "cli/internal/verbs.h"

#include "cli/printed.h"

namespace entrepot::cli {

Result<std::string> Row::text(std::string_view name, std::string_view otherwise) const {
  const json::Names<1> names = {name};
  TRY_ASSIGN(const auto fields, value.fields(names));
  std::string text(otherwise);
  TRY(fields.read(0, text));
  return printable(text);
}

Result<std::int64_t> Row::number(std::string_view name) const {
  const json::Names<1> names = {name};
  TRY_ASSIGN(const auto fields, value.fields(names));
  TRY(fields.require({0}));
  return fields.find(0)->get<std::int64_t>();
}

namespace {

// A time is shown as people write one, a list of texts as one.
Result<std::string> cell_of(const json::Value& value) {
  if (const auto number = value.as<std::int64_t>()) return std::to_string(*number);
  if (const auto text = value.as<std::string_view>()) {
    const auto time = parse_rfc3339(*text);
    return time ? date_text(time, "") : printable(*text);
  }
  std::string joined;
  TRY(value.each_element("a text", [&](const json::Value& part) -> Result<void> {
    TRY_ASSIGN(const std::string text, part.get<std::string>());
    joined += (joined.empty() ? "" : " ") + printable(text);
    return {};
  }));
  return joined;
}

}  // namespace

Result<void> print_list(Api& api, std::string path, std::span<const Column> columns) {
  std::vector<std::vector<std::string>> lines(1);
  for (const Column& column : columns) lines[0].emplace_back(column.head);
  TRY(api.each(std::move(path), [&](const json::Value& item) -> Result<void> {
    auto& line = lines.emplace_back();
    for (const Column& column : columns) {
      const json::Names<1> names = {column.member};
      TRY_ASSIGN(const auto fields, item.fields(names));
      std::string text;
      if (const auto value = fields.find(0)) {
        TRY_ASSIGN(text, cell_of(*value));
      }
      line.push_back(text.empty() ? std::string(column.when_absent) : std::move(text));
    }
    return {};
  }));
  print_table(lines);
  return {};
}

void put_expiry(json::Writer& writer, const Typed& typed, std::chrono::hours when_absent) {
  writer.key("expires_at");
  const auto typed_time = typed.flag("expires");
  const bool never = typed_time ? *typed_time == "never" : when_absent.count() == 0;
  if (never) {
    writer.null();
  } else {
    writer.value(typed_time.value_or(to_rfc3339(Clock::system().wall() + when_absent)));
  }
}

Result<void> print_made_secret(const std::string& answer, std::string_view id_name,
                               const Typed& typed) {
  TRY_ASSIGN(const auto document, json::Document::parse(answer, "answer"));
  const json::Value root = document.root();
  const Row row{root};
  TRY_ASSIGN(const std::string name, row.text("name"));
  TRY_ASSIGN(const std::string secret, row.text("secret"));
  TRY_ASSIGN(const std::int64_t id, row.number(id_name));
  TRY_ASSIGN(const std::string expires, row.text("expires_at", ""));
  print_secret({.id = id, .name = name, .text = secret, .expires_at = parse_rfc3339(expires)},
               typed.has("json"));
  return {};
}

}  // namespace entrepot::cli
