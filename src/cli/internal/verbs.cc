#include "cli/internal/verbs.h"

#include "cli/printed.h"
#include "json/text.h"

namespace entrepot::cli {

namespace {

// Sets `target`, where the member is there; was it?
template <class T>
Result<bool> read_member(const json::Value& value, std::string_view name, T& target) {
  const json::Names<1> names = {name};
  const auto read = [&]() -> Result<bool> {
    TRY_ASSIGN(const auto fields, value.fields(names));
    TRY(fields.read(0, target));
    return fields.has(0);
  };
  auto was_there = read();
  if (!was_there) return Failure(error_of_answer(std::move(was_there).error()));
  return was_there;
}

template <class T>
Result<T> needed_member(const json::Value& value, std::string_view name) {
  T target{};
  TRY_ASSIGN(const bool was_there, read_member(value, name, target));
  if (was_there) return target;
  return Failure(error_of_answer({ErrorCode::InvalidArgument, fmt::format("{} is missing", name)}));
}

}  // namespace

Result<std::string> Row::text(std::string_view name, std::string_view otherwise) const {
  std::string text(otherwise);
  TRY(read_member(value, name, text));
  return printable(text);
}

Result<std::string> Row::untouched(std::string_view name) const {
  return needed_member<std::string>(value, name);
}

Result<std::int64_t> Row::number(std::string_view name) const {
  return needed_member<std::int64_t>(value, name);
}

Result<bool> Row::truth(std::string_view name) const { return needed_member<bool>(value, name); }

Result<void> print_list(Api& api, const Typed& typed, std::string_view path,
                        std::span<const Column> columns) {
  List list(columns, typed.has("json"));
  TRY(api.each(path, [&](const json::Value& item) { return list.add(item); }));
  return list.print();
}

Result<void> print_answer(std::string_view answer) {
  TRY_ASSIGN(const auto document, read_answer(answer));
  return write_output(json::text_of(document.root()) + "\n");
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
  TRY_ASSIGN(const auto document, read_answer(answer));
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
