#include "import/internal/journey.h"

#include <tuple>

#include "import/internal/counts.h"
#include "json/reader.h"
#include "json/writer.h"

namespace entrepot::import {
namespace {

constexpr std::string_view kKey = "import.journey";

namespace field {
enum { kTree, kRepository, kItem, kStage, kReport, kUnreadable, kCount };
constexpr json::Names<kCount> kNames = {"tree",  "repository", "item",
                                        "stage", "report",     "unreadable"};
}  // namespace field
using Fields = json::Fields<field::kCount>;

constexpr auto kCountNames = json::names_of(kCounts);

Result<void> read_names(const Fields& fields, std::set<std::string>& names) {
  const auto list = fields.find(field::kUnreadable);
  if (!list) return {};
  return list->each_element("a list", [&](const json::Value& name) -> Result<void> {
    TRY_ASSIGN(const auto text, name.get<std::string_view>());
    names.emplace(text);
    return {};
  });
}

Result<void> read_place(const Fields& fields, Place& place) {
  TRY(fields.require({field::kRepository, field::kItem, field::kStage}));
  std::string_view repository;
  std::string_view item;
  std::int64_t stage = -1;
  TRY(fields.read(field::kRepository, repository));
  TRY(fields.read(field::kItem, item));
  TRY(fields.read(field::kStage, stage));
  if (stage < 0 || stage > static_cast<int>(Stage::Unused)) {
    return fields.invalid(field::kStage, "is none");
  }
  place = {std::string(repository), static_cast<Stage>(stage), std::string(item)};
  return {};
}

Result<void> read_report(const Fields& fields, AdoptReport& report) {
  const auto value = fields.find(field::kReport);
  if (!value) return {};
  TRY_ASSIGN(const auto counts, value->fields(kCountNames));
  for (std::size_t i = 0; i < kCountNames.size(); ++i) {
    TRY(counts.read(i, report.*kCounts[i].field));
  }
  return {};
}

Result<Journey> read_journey(ByteView text, const std::string& tree) {
  TRY_ASSIGN(const auto document, json::Document::parse(text, kKey));
  TRY_ASSIGN(const auto fields, document.root().fields(field::kNames));
  TRY(fields.require({field::kTree}));
  std::string_view of_tree;
  TRY(fields.read(field::kTree, of_tree));
  Journey journey;
  journey.tree = tree;
  TRY(read_names(fields, journey.unreadable));
  if (of_tree != tree) return journey;
  TRY(read_place(fields, journey.at));
  TRY(read_report(fields, journey.report));
  return journey;
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
  TRY_ASSIGN(const auto saved, if_there(settings.get(kKey)));
  if (!saved) {
    Journey begin;
    begin.tree = tree;
    return begin;
  }
  auto journey = read_journey(*saved, tree);
  if (!journey) return fail(ErrorCode::Corrupt, "the setting {} cannot be read", kKey);
  return journey;
}

Result<void> save_journey(meta::Settings& settings, const Journey& journey) {
  using namespace field;
  std::string out;
  json::Writer json(out);
  json.begin_object()
      .member(kNames[kTree], journey.tree)
      .member(kNames[kRepository], journey.at.repository)
      .member(kNames[kItem], journey.at.item)
      .member(kNames[kStage], static_cast<int>(journey.at.stage));
  json.key(kNames[kReport]).begin_object();
  for (const Count& count : kCounts) json.member(count.name, journey.report.*count.field);
  json.end_object().key(kNames[kUnreadable]).begin_array();
  for (const std::string& name : journey.unreadable) json.value(name);
  json.end_array().end_object();
  return settings.set(kKey, out);
}

}  // namespace entrepot::import
