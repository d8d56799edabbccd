#pragma once
// api/rest/people_call.h — what the handlers about people and rights share.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/rest/call.h"
#include "api/rest/page.h"
#include "api/rest/problem.h"
#include "people/roster.h"

namespace entrepot::api::rest {

using Answered = Result<http::Response>;

// A handler whose errors become problems.
template <Answered (*handle)(Context&, const Call&)>
http::Response or_problem(Context& context, const Call& call) {
  auto response = handle(context, call);
  return response ? *std::move(response) : to_problem(response.error());
}

// What `look(const people::Roster&)` finds, in the name of who asks.
template <class T, class Look>
Result<T> look_up(Context& context, const Call& call, const Look& look) {
  const people::Author by = call.author();
  return call.services.meta.view<T>(context, [&](const meta::Snapshot& snapshot) -> Result<T> {
    return look(people::Roster(snapshot, by));
  });
}

inline people::People people_of(const Call& call) {
  return {call.services.meta, call.services.clock};
}

// 201 with where it is: the request's path and `name` behind it.
http::Response created(const Call& call, std::string_view name, std::string body);
http::Response done();  // 204

// A number that stands in the path; NotFound for what is none.
Result<std::int64_t> number_in(std::string_view word);

// ?limit= and ?after=, of lists by name and by number.
Result<people::PageQuery<std::string>> by_name(const http::Request& request);
Result<people::PageQuery<std::int64_t>> by_number(const http::Request& request);
std::string cursor_of(const std::string& name);
std::string cursor_of(std::int64_t number);

// A page of rows, each written by `write(json, row)`.
template <class Page, class Write>
http::Response answer_page(const Page& page, const Write& write) {
  std::optional<std::string> next;
  if (page.next) next = cursor_of(*page.next);
  return answer(200, page_body(next, [&](json::Writer& json) {
                  for (const auto& row : page.rows) write(json, row);
                }));
}
// One of them.
template <class Row, class Write>
std::string body_of(const Row& row, const Write& write) {
  std::string body;
  json::Writer json(body);
  write(json, row);
  json.end_line();
  return body;
}

// When and from where it was used last; null, null where nobody noted that.
void write_use(json::Writer& json, const std::optional<meta::Secret>& secret);

// A time, or null.
void write_time(json::Writer& json, std::string_view key, const std::optional<WallTime>& time);

}  // namespace entrepot::api::rest
