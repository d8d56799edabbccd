#include "cli/internal/verbs.h"

#include "cli/printed.h"

namespace entrepot::cli {

Result<std::string> Row::text(std::string_view name, std::string_view otherwise) const {
  const json::Names<1> names = {name};
  TRY_ASSIGN(const auto fields, value.fields(names));
  std::string text(otherwise);
  TRY(fields.read(0, text));
  return text;
}

Result<std::int64_t> Row::number(std::string_view name) const {
  const json::Names<1> names = {name};
  TRY_ASSIGN(const auto fields, value.fields(names));
  TRY(fields.require({0}));
  return fields.find(0)->get<std::int64_t>();
}

Result<std::string> Row::date(std::string_view name, std::string_view otherwise) const {
  TRY_ASSIGN(const std::string time, text(name, ""));
  return date_text(parse_rfc3339(time), otherwise);
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
