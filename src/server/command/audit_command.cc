// `entrepot audit`: who did what in a data directory, and whether the record is as it was written.
#include <charconv>

#include <fmt/core.h>

#include "audit/chain.h"
#include "audit/line.h"
#include "audit/trail.h"
#include "server/command/people_command.h"
#include "server/options/option_values.h"

namespace entrepot::server {
namespace {

using Operands = std::span<const std::string>;

constexpr std::size_t kListed = 50;
constexpr std::size_t kExportedAtOnce = 1000;

Result<std::size_t> limit_of(const Arguments& arguments, std::size_t otherwise) {
  const auto text = arguments.value("limit");
  if (!text) return otherwise;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error == std::errc() && end == text->data() + text->size() && limit > 0) return limit;
  return fail(ErrorCode::InvalidArgument, "--limit: \"{}\" is no number", *text);
}

// A time may be "7d", too: so long ago.
Result<audit::Query> query_of(const Arguments& arguments) {
  return audit::read_query([&](std::string_view part) {
    auto text = arguments.value(part);
    if (!text || (part != "since" && part != "until")) return text;
    const auto ago = parse_duration(*text);
    if (ago) text = to_rfc3339(Clock::system().wall() - *ago);
    return text;
  });
}

// Hands over at most `limit` records, newest first.
template <class Tell>
Result<void> each_record(PeopleOfDirectory& directory, audit::Query query, std::size_t limit,
                         const Tell& tell) {
  for (;;) {
    query.limit = std::min(limit, kExportedAtOnce);
    TRY_ASSIGN(const auto page, directory.view<audit::Page>([&](const meta::Snapshot& snapshot) {
      return audit::find(snapshot, query);
    }));
    for (const auto& entry : page.entries) tell(entry);
    limit -= page.entries.size();
    if (!page.next || limit == 0) return {};
    query.before = page.next;
  }
}

// What it was done to, in short.
std::string object_of(const events::Event& event) {
  if (!event.repository) return event.detail;
  std::string text = event.repository->str();
  if (event.tag) {
    text += ':' + event.tag->str();
  } else if (event.digest) {
    text += '@' + event.digest->to_string();
  }
  return text;
}

Result<void> audit_list(PeopleOfDirectory& directory, const Arguments& arguments, Operands) {
  TRY_ASSIGN(const audit::Query query, query_of(arguments));
  TRY_ASSIGN(const std::size_t limit, limit_of(arguments, kListed));
  std::vector<std::vector<std::string>> lines{{"WHEN (UTC)", "WHO", "FROM", "WHAT", "OF"}};
  TRY(each_record(directory, query, limit, [&](const meta::Journal::Entry& entry) {
    const events::Event& event = entry.event;
    lines.push_back(
        {cli::date_text(event.at, "-"),
         event.actor.id.empty() ? std::string(events::name_of(event.actor.kind)) : event.actor.id,
         event.client.empty() ? "-" : event.client, std::string(events::name_of(event.kind)),
         object_of(event)});
  }));
  cli::print_table(lines);
  return {};
}

Result<void> audit_export(PeopleOfDirectory& directory, const Arguments& arguments, Operands) {
  TRY_ASSIGN(const audit::Query query, query_of(arguments));
  TRY_ASSIGN(const std::size_t limit, limit_of(arguments, std::numeric_limits<std::size_t>::max()));
  return each_record(directory, query, limit, [](const meta::Journal::Entry& entry) {
    fmt::print("{}", audit::line_of(entry));
  });
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

}  // namespace entrepot::server
