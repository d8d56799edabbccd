#pragma once
// audit/trail.h — finding records.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/store.h"

namespace entrepot::audit {

// Whatever is not asked for counts.
struct Query {
  std::optional<std::int64_t> before = {};  // records with a smaller id
  std::string who = {};                     // an actor's name
  std::string what = {};                    // "grant.created", or the part in front of the dot
  std::string repository = {};              // its name
  // A user's or organisation's name: what concerns its repositories, members, teams, robots, and
  // grants below it. Names are kept in the records, so what is gone is still found.
  std::string name_space = {};
  std::optional<WallTime> since = {};
  std::optional<WallTime> until = {};
  std::size_t limit = 100;
};

// A query as people say it: `said(part)` is what was said for "who", "what", "repository",
// "namespace", "since" and "until", if anything. A time is a day ("2026-11-27", from its beginning
// in UTC) or a time of RFC 3339; InvalidArgument for another.
Result<Query> read_query(
    const std::function<std::optional<std::string>(std::string_view part)>& said);

struct Page {
  std::vector<meta::Journal::Entry> entries;  // newest first
  // Where to go on (Query::before); nothing: it is the end. A page looks at no more than
  // kMostLookedAt records, and so may be short, or empty, before the end.
  std::optional<std::int64_t> next;
};
inline constexpr std::size_t kMostLookedAt = 20'000;

Result<Page> find(const meta::Snapshot& snapshot, const Query& query);

}  // namespace entrepot::audit
