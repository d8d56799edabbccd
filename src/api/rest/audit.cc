#include "api/rest/audit.h"

#include "audit/line.h"
#include "audit/trail.h"

namespace entrepot::api::rest {
namespace {

Result<audit::Query> query_of(const http::Request& request) {
  TRY_ASSIGN(const auto page, by_number(request));
  TRY_ASSIGN(auto query,
             audit::read_query([&](std::string_view part) { return request.parameter(part); }));
  query.limit = page.limit;
  if (page.after != 0) query.before = page.after;
  return query;
}

// All of it is for who may list everybody; of a namespace, for its owners too.
Result<void> may_read(const meta::Snapshot& snapshot, const people::Author& by,
                      std::string_view name_space) {
  if (name_space.empty()) return by.may(snapshot, people::Deed::ListEverybody, {});
  TRY_ASSIGN(const auto owner, people::find_owner(snapshot, name_space));
  return by.may(snapshot, people::Deed::ReadAudit, owner);
}

}  // namespace

Answered Audit::list(Context& context, const Call& call) {
  TRY_ASSIGN(const auto query, query_of(call.request));
  const people::Author by = call.author();
  const auto look = [&](const meta::Snapshot& snapshot) -> Result<audit::Page> {
    TRY(may_read(snapshot, by, query.name_space));
    return audit::find(snapshot, query);
  };
  TRY_ASSIGN(const auto page, call.services.meta.view<audit::Page>(context, look));
  std::optional<std::string> next;
  if (page.next) next = cursor_of(*page.next);
  return answer(200, page_body(next, [&](json::Writer& json) {
                  for (const auto& entry : page.entries) {
                    std::string line = audit::line_of(entry);
                    line.pop_back();
                    json.raw(line);
                  }
                }));
}

}  // namespace entrepot::api::rest
