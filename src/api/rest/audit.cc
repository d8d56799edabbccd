#include "api/rest/audit.h"

#include "audit/line.h"
#include "audit/trail.h"

namespace entrepot::api::rest {
namespace {

Result<std::optional<WallTime>> time_in(const http::Request& request, std::string_view name) {
  const auto text = request.parameter(name);
  if (!text) return std::optional<WallTime>();
  const auto time = parse_rfc3339(*text);
  if (!time) {
    return fail(ErrorCode::InvalidArgument, "{}: is a time such as 2027-01-31T12:00:00Z", name);
  }
  return time;
}

Result<audit::Query> query_of(const http::Request& request) {
  audit::Query query;
  TRY_ASSIGN(const auto page, by_number(request));
  query.limit = page.limit;
  if (page.after != 0) query.before = page.after;
  query.who = request.parameter("who").value_or("");
  query.what = request.parameter("what").value_or("");
  query.repository = request.parameter("repository").value_or("");
  query.name_space = request.parameter("namespace").value_or("");
  TRY_ASSIGN(query.since, time_in(request, "since"));
  TRY_ASSIGN(query.until, time_in(request, "until"));
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
