#include "import/internal/journey.h"

#include <tuple>

#include <simdjson.h>

#include "import/internal/counts.h"
#include "oci/manifest.h"

namespace entrepot::import {
namespace {

using simdjson::dom::element;

constexpr std::string_view kKey = "import.journey";

void append_field(std::string& json, std::string_view name, std::string_view value) {
  json += json.empty() ? "{" : ",";
  oci::append_json_string(json, name);
  json += ":";
  oci::append_json_string(json, value);
}

Failure unreadable() { return fail(ErrorCode::Corrupt, "the setting {} cannot be read", kKey); }

void read_names(const element& root, std::set<std::string>& names) {
  simdjson::dom::array array;
  if (root["unreadable"].get(array)) return;
  for (const element name : array) {
    std::string_view text;
    if (!name.get(text)) names.emplace(text);
  }
}

Result<void> read_place(const element& root, Place& place) {
  std::string_view repository;
  std::string_view item;
  std::int64_t stage = -1;
  if (root["repository"].get(repository) || root["item"].get(item) || root["stage"].get(stage)) {
    return unreadable();
  }
  if (stage < 0 || stage > static_cast<int>(Stage::Unused)) return unreadable();
  place = {std::string(repository), static_cast<Stage>(stage), std::string(item)};
  return {};
}

void read_report(const element& root, AdoptReport& report) {
  for (const Count& count : kCounts) {
    std::uint64_t value = 0;
    if (!root["report"][count.name].get(value)) report.*count.field = value;
  }
}

}  // namespace

bool Journey::is_ahead(const Place& place) const {
  // The last stage comes after all repositories.
  const auto order = [](const Place& p) {
    return std::make_tuple(p.stage == Stage::Unused, std::string_view(p.repository), p.stage,
                           std::string_view(p.item));
  };
  return order(place) > order(at);
}

Result<Journey> load_journey(const meta::Settings& settings, const std::string& tree) {
  Journey journey;
  journey.tree = tree;
  const auto saved = settings.get(kKey);
  if (!saved && saved.error().code == ErrorCode::NotFound) return journey;
  if (!saved) return Failure(saved.error());
  simdjson::dom::parser parser;
  element root;
  std::string_view of_tree;
  if (parser.parse(*saved).get(root) || root["tree"].get(of_tree)) return unreadable();
  read_names(root, journey.unreadable);
  if (of_tree != tree) return journey;
  TRY(read_place(root, journey.at));
  read_report(root, journey.report);
  return journey;
}

Result<void> save_journey(meta::Settings& settings, const Journey& journey) {
  std::string json;
  append_field(json, "tree", journey.tree);
  append_field(json, "repository", journey.at.repository);
  append_field(json, "item", journey.at.item);
  json += fmt::format(R"(,"stage":{},"report":{{)", static_cast<int>(journey.at.stage));
  for (const Count& count : kCounts) {
    json += fmt::format(R"({}"{}":{})", &count == kCounts ? "" : ",", count.name,
                        journey.report.*count.field);
  }
  json += R"(},"unreadable":[)";
  for (const std::string& name : journey.unreadable) {
    if (json.back() != '[') json += ",";
    oci::append_json_string(json, name);
  }
  return settings.set(kKey, json + "]}");
}

}  // namespace entrepot::import
