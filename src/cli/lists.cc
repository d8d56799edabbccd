#include "cli/lists.h"

#include <charconv>

#include <fmt/core.h>

#include "cli/printed.h"
#include "json/text.h"
#include "json/writer.h"

namespace entrepot::cli {
namespace {

// A member as people read it; "" where there is none.
Result<std::string> shown(const json::Value& item, std::string_view member) {
  const json::Names<1> names = {member};
  TRY_ASSIGN(const auto fields, item.fields(names));
  const auto value = fields.find(0);
  if (!value) return std::string();
  if (const auto number = value->as<std::int64_t>()) return std::to_string(*number);
  if (const auto text = value->as<std::string_view>()) {
    const auto time = parse_rfc3339(*text);
    return time ? date_text(time, "") : printable(*text);
  }
  std::string joined;
  TRY(value->each_element("a text", [&](const json::Value& part) -> Result<void> {
    TRY_ASSIGN(const std::string text, part.get<std::string>());
    joined += (joined.empty() ? "" : " ") + printable(text);
    return {};
  }));
  return joined;
}

// Nobody by name: what kind of one it was.
Result<std::string> who_did_it(const json::Value& record) {
  TRY_ASSIGN(std::string who, shown(record, "who"));
  return who.empty() ? shown(record, "kind") : std::move(who);
}

// What it was done to, in short.
Result<std::string> done_to(const json::Value& record) {
  TRY_ASSIGN(const std::string repository, shown(record, "repository"));
  if (repository.empty()) {
    constexpr json::Names<1> kNames = {"detail"};
    TRY_ASSIGN(const auto fields, record.fields(kNames));
    const auto detail = fields.find(0);
    if (!detail) return std::string();
    const auto text = detail->as<std::string_view>();
    return text ? printable(*text) : json::text_of(*detail);
  }
  TRY_ASSIGN(const std::string tag, shown(record, "tag"));
  if (!tag.empty()) return repository + ":" + tag;
  TRY_ASSIGN(const std::string digest, shown(record, "digest"));
  return digest.empty() ? repository : repository + "@" + digest;
}

constexpr Column kUsers[] = {
    {"NAME", "name"}, {"STATE", "state"}, {"ROLE", "role"}, {"SINCE", "created_at"}};
constexpr Column kOrganisations[] = {{"NAME", "name"}, {"YOU", "role"}, {"SINCE", "created_at"}};
constexpr Column kMembers[] = {{"NAME", "name"}, {"ROLE", "role"}};
constexpr Column kNames[] = {{"NAME", "name"}};
constexpr Column kRepositories[] = {
    {"NAME", "name"}, {"VISIBILITY", "visibility"}, {"SINCE", "created_at"}};
constexpr Column kGrants[] = {{"ID", "id"},
                              {"TO", "to"},
                              {"ROLE", "role"},
                              {"PATTERN", "pattern"},
                              {"EXPIRES", "expires_at", "never"},
                              {"FROM", "networks", "anywhere"}};
constexpr Column kRobots[] = {{"NAME", "name"},
                              {"STATE", "state"},
                              {"SINCE", "created_at"},
                              {"EXPIRES", "expires_at", "never"},
                              {"USED", "last_used_at", "never"}};
constexpr Column kTokens[] = {{"ID", "id"},
                              {"KIND", "kind"},
                              {"NAME", "name"},
                              {"EXPIRES", "expires_at", "never"},
                              {"SINCE", "created_at"},
                              {"USED", "last_used_at", "never"}};
constexpr Column kAudit[] = {{"WHEN (UTC)", "at"},
                             {"WHO", "", "-", who_did_it},
                             {"FROM", "client"},
                             {"WHAT", "what"},
                             {"OF", "", "", done_to}};

}  // namespace

std::span<const Column> user_columns() { return kUsers; }
std::span<const Column> organisation_columns() { return kOrganisations; }
std::span<const Column> member_columns() { return kMembers; }
std::span<const Column> name_columns() { return kNames; }
std::span<const Column> repository_columns() { return kRepositories; }
std::span<const Column> grant_columns() { return kGrants; }
std::span<const Column> robot_columns() { return kRobots; }
std::span<const Column> token_columns() { return kTokens; }
std::span<const Column> audit_columns() { return kAudit; }

List::List(std::span<const Column> columns, bool as_json) : columns_(columns), as_json_(as_json) {
  auto& head = lines_.emplace_back();
  for (const Column& column : columns_) head.emplace_back(column.head);
}

Result<void> List::add(const json::Value& item) {
  if (as_json_) {
    items_ += (items_.empty() ? "" : ",") + json::text_of(item);
    return {};
  }
  std::vector<std::string> line;
  for (const Column& column : columns_) {
    TRY_ASSIGN(std::string text,
               column.cell != nullptr ? column.cell(item) : shown(item, column.member));
    line.push_back(text.empty() ? std::string(column.when_absent) : std::move(text));
  }
  lines_.push_back(std::move(line));
  return {};
}

Result<void> List::add(std::string_view item) {
  TRY_ASSIGN(const auto document, json::Document::parse(item, "item"));
  return add(document.root());
}

Result<void> List::print(const std::optional<std::string>& next) const {
  if (!as_json_) {
    print_table(lines_);
    return {};
  }
  std::string document;
  json::Writer writer(document);
  writer.begin_object().key("items").begin_array();
  if (!items_.empty()) writer.raw(items_);
  writer.end_array().key("next");
  if (next) {
    writer.value(std::string_view(*next));
  } else {
    writer.null();
  }
  writer.end_object().end_line();
  return write_output(document);
}

Result<std::size_t> audit_limit(const std::optional<std::string>& typed, std::size_t otherwise) {
  if (!typed) return otherwise;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(typed->data(), typed->data() + typed->size(), limit);
  if (error == std::errc() && end == typed->data() + typed->size() && limit > 0) return limit;
  return fail(ErrorCode::InvalidArgument, "--limit: \"{}\" is no number", *typed);
}

}  // namespace entrepot::cli
