#include "audit/trail.h"

#include <algorithm>

#include "json/reader.h"

namespace entrepot::audit {
namespace {

using meta::Journal;

constexpr std::size_t kAtOnce = 500;

// "acme" of "acme/app", and of "acme".
std::string_view first_part(std::string_view name) { return name.substr(0, name.find('/')); }

// Does the detail of an event about people name it? The members that hold names, or patterns.
bool tells_of(std::string_view detail, std::string_view name_space) {
  static constexpr json::Names<5> kNames = {"account", "organisation", "pattern", "to", "team"};
  if (detail.find(name_space) == std::string_view::npos) return false;
  const auto document = json::Document::parse(detail, "detail");
  if (!document) return false;
  const auto fields = document->root().fields(kNames);
  if (!fields) return false;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    std::string text;
    if (!fields->read(i, text)) continue;
    const std::size_t colon = text.find(':');  // of a holder: "user:alice"
    if (colon != std::string::npos) text.erase(0, colon + 1);
    if (first_part(text) == name_space) return true;
  }
  return false;
}

bool concerns(const events::Event& event, std::string_view name_space) {
  if (event.repository) {
    const std::string& name = event.repository->str();
    return name.size() > name_space.size() && name.starts_with(name_space) &&
           name[name_space.size()] == '/';
  }
  return tells_of(event.detail, name_space);
}

bool is_kind(std::string_view name, std::string_view wanted) {
  return name == wanted ||
         (name.size() > wanted.size() && name.starts_with(wanted) && name[wanted.size()] == '.');
}

bool fits(const Query& query, const events::Event& event) {
  if (!query.who.empty() && event.actor.id != query.who) return false;
  if (!query.what.empty() && !is_kind(events::name_of(event.kind), query.what)) return false;
  if (!query.repository.empty() &&
      (!event.repository || event.repository->str() != query.repository)) {
    return false;
  }
  if (query.since && event.at < *query.since) return false;
  if (query.until && event.at >= *query.until) return false;
  return query.name_space.empty() || concerns(event, query.name_space);
}

Result<std::optional<WallTime>> read_time(std::string_view part,
                                          const std::optional<std::string>& text) {
  constexpr std::size_t kDayBytes = std::string_view("2026-11-27").size();
  if (!text) return std::optional<WallTime>();
  const auto time = parse_rfc3339(text->size() == kDayBytes ? *text + "T00:00:00Z" : *text);
  if (time) return time;
  return fail(ErrorCode::InvalidArgument,
              "{}: \"{}\" is neither a day (2026-11-27) nor a time (2026-11-27T11:05:00Z)", part,
              *text);
}

}  // namespace

Result<Query> read_query(
    const std::function<std::optional<std::string>(std::string_view part)>& said) {
  Query query;
  query.who = said("who").value_or("");
  query.what = said("what").value_or("");
  query.repository = said("repository").value_or("");
  query.name_space = said("namespace").value_or("");
  TRY_ASSIGN(query.since, read_time("since", said("since")));
  TRY_ASSIGN(query.until, read_time("until", said("until")));
  return query;
}

Result<Page> find(const meta::Snapshot& snapshot, const Query& query) {
  Page page;
  page.next = query.before;
  for (std::size_t looked = 0; looked < kMostLookedAt;) {
    TRY_ASSIGN(auto entries, snapshot.journal().read_back(page.next, kAtOnce));
    for (Journal::Entry& entry : entries) {
      if (page.entries.size() == query.limit) return page;
      page.next = entry.sequence;
      if (fits(query, entry.event)) page.entries.push_back(std::move(entry));
    }
    looked += entries.size();
    if (entries.size() < kAtOnce) {
      page.next.reset();
      return page;
    }
  }
  return page;
}

}  // namespace entrepot::audit
