// `entrepot audit`: who did what in a data directory, and whether the record is as it was written.
#include <algorithm>
#include <limits>

#include <fmt/core.h>

#include "api/rest/people_call.h"
#include "audit/chain.h"
#include "audit/line.h"
#include "audit/trail.h"
#include "server/command/people_command.h"

namespace entrepot::server {
namespace {

using Operands = std::span<const std::string>;

constexpr std::size_t kExportedAtOnce = 1000;

Result<audit::Query> query_of(const Arguments& arguments) {
  return audit::read_query([&](std::string_view part) { return audit_time(arguments, part); });
}

// Hands over at most `limit` records, newest first; the answer is where there are more.
template <class Tell>
Result<std::optional<std::int64_t>> each_record(PeopleOfDirectory& directory, audit::Query query,
                                                std::size_t limit, const Tell& tell) {
  for (;;) {
    query.limit = std::min(limit, kExportedAtOnce);
    TRY_ASSIGN(const auto page, directory.view<audit::Page>([&](const meta::Snapshot& snapshot) {
      return audit::find(snapshot, query);
    }));
    TRY(tell(page.entries));
    limit -= page.entries.size();
    if (!page.next || limit == 0) return page.next;
    query.before = page.next;
  }
}

Result<void> audit_list(PeopleOfDirectory& directory, const Arguments& arguments, Operands) {
  TRY_ASSIGN(const audit::Query query, query_of(arguments));
  TRY_ASSIGN(const std::size_t limit, cli::audit_limit(arguments.value("limit"), cli::kUsualAudit));
  cli::List list(cli::audit_columns(), arguments.has("json"));
  TRY_ASSIGN(const auto next,
             each_record(directory, query, limit, [&](const auto& entries) -> Result<void> {
               for (const auto& entry : entries) {
                 TRY(list.add(audit::line_of(entry)));
               }
               return {};
             }));
  return list.print(next ? std::optional(api::rest::cursor_of(*next)) : std::nullopt);
}

Result<void> audit_export(PeopleOfDirectory& directory, const Arguments& arguments, Operands) {
  TRY_ASSIGN(const audit::Query query, query_of(arguments));
  TRY_ASSIGN(const std::size_t limit,
             cli::audit_limit(arguments.value("limit"), std::numeric_limits<std::size_t>::max()));
  TRY(each_record(directory, query, limit, [](const auto& entries) {
    std::string lines;
    for (const auto& entry : entries) lines += audit::line_of(entry);
    return cli::write_output(lines);
  }));
  return {};
}

Result<void> audit_verify(PeopleOfDirectory& directory, const Arguments& arguments, Operands) {
  const std::string known_head = arguments.value("head").value_or("");
  TRY_ASSIGN(const auto verdict,
             audit::verify(directory.context(), directory.store(), Clock::system(), known_head));
  if (verdict.wrong) return fail(ErrorCode::Corrupt, "the audit was changed: {}", *verdict.wrong);
  if (!known_head.empty() && !verdict.has_known_head) {
    return fail(ErrorCode::Corrupt, "the audit was changed: {} is no head of its chain",
                known_head);
  }
  fmt::print("{} records in {} seals are as they were written\n", verdict.entries, verdict.seals);
  if (verdict.aged_seals > 0) {
    fmt::print("the records of {} older seals have been dropped for their age\n",
               verdict.aged_seals);
  }
  if (verdict.unsealed > 0) {
    fmt::print("{} are new and not sealed yet: a running server does that each second\n",
               verdict.unsealed);
  }
  if (!verdict.head.empty()) {
    fmt::print("head: {}\nkeep it elsewhere, and give it to --head next time\n", verdict.head);
  }
  return {};
}

constexpr Verb kVerbs[] = {
    {"list", "", false, audit_list},
    {"export", "", false, audit_export},
    {"verify", "", false, audit_verify},
};

}  // namespace

int run_audit(const Arguments& arguments) { return run_verb(arguments, kVerbs); }
std::vector<std::string> audit_verbs() { return said(kVerbs); }

}  // namespace entrepot::server
