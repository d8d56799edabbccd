#include "api/rest/search.h"

#include <charconv>

#include "api/rest/page.h"
#include "api/rest/problem.h"
#include "api/rest/rows.h"
#include "hub/search.h"

namespace entrepot::api::rest {
namespace {

// Names that a page looks at.
constexpr std::size_t kMostLookedAt = 20'000;

// "RANK NAME WINDOW"
std::string cursor_of(const hub::Place& place) {
  return to_cursor(fmt::format("{} {} {}", static_cast<int>(place.rank), place.name, place.window));
}

Result<hub::Place> place_of(const std::string& text) {
  const auto wrong = [] {
    return fail(ErrorCode::InvalidArgument, "after: take it from \"next\" of the last page");
  };
  const std::size_t first = text.find(' ');
  const std::size_t second = text.find(' ', first + 1);
  if (first != 1 || second == std::string::npos) return wrong();
  const int rank = text[0] - '0';
  if (rank < 0 || rank > static_cast<int>(hub::Rank::InDescription)) return wrong();
  hub::Place place{.window = text.substr(second + 1),
                   .rank = static_cast<hub::Rank>(rank),
                   .name = text.substr(first + 1, second - first - 1)};
  for (const std::string& name : {place.window, place.name}) {
    if (!name.empty() && !oci::RepositoryName::is_valid(name)) return wrong();
  }
  return place;
}

Result<hub::SearchQuery> query_of(const http::Request& request) {
  TRY_ASSIGN(const PageRequest page, page_of(request));
  hub::SearchQuery query{.text = request.parameter("q").value_or(""),
                         .limit = page.limit,
                         .most_looked_at = kMostLookedAt};
  if (page.after) {
    TRY_ASSIGN(query.after, place_of(*page.after));
  }
  return query;
}

struct Row {
  const hub::Match* match;
  meta::Visibility visibility;
  bool archived = false;
  std::optional<WallTime> updated_at = {};
};

// Without what has gone since it was found.
Result<std::vector<Row>> rows_of(const meta::Snapshot& snapshot,
                                 const std::vector<hub::Match>& matches) {
  std::vector<Row> rows;
  for (const hub::Match& match : matches) {
    TRY_ASSIGN(const auto name, oci::RepositoryName::parse(match.name));
    TRY_ASSIGN(const auto repository, if_there(snapshot.repositories().find(name)));
    if (!repository) continue;
    Row row{&match, repository->visibility, repository->archived};
    TRY_ASSIGN(const auto newest, snapshot.tags().page({.repository = repository->id,
                                                        .order = meta::TagQuery::Order::NewestFirst,
                                                        .limit = 1}));
    if (!newest.empty()) row.updated_at = newest.front().moved_at;
    rows.push_back(row);
  }
  return rows;
}

void write(json::Writer& json, const Row& row) {
  json.begin_object().member("name", std::string_view(row.match->name));
  json.member("description", std::string_view(row.match->description));
  json.member("visibility", visibility_of(row.visibility)).member("archived", row.archived);
  write_optional(json, "updated_at",
                 row.updated_at ? std::optional(to_rfc3339(*row.updated_at)) : std::nullopt);
  json.end_object();
}

}  // namespace

http::Response Search::list(Context& context, const Call& call) {
  const auto query = query_of(call.request);
  if (!query) return to_problem(query.error());
  const Gate& gate = call.services.gate;
  const auto question = gate.question(call.request, call.subject, access::Action::See, "");
  const auto found = hub::search(context, call.services.meta, gate.policy(), question, *query);
  if (!found) return to_problem(found.error());
  const auto rows = call.services.meta.view<std::vector<Row>>(
      context, [&](const meta::Snapshot& snapshot) { return rows_of(snapshot, found->matches); });
  if (!rows) return to_problem(rows.error());
  const auto next = found->next ? std::optional(cursor_of(*found->next)) : std::nullopt;
  return answer(200, page_body(next, [&](json::Writer& json) {
                  for (const Row& row : *rows) write(json, row);
                }));
}

}  // namespace entrepot::api::rest
