// `entrepot audit` at a server.
#include <algorithm>
#include <limits>

#include "cli/internal/verbs.h"
#include "cli/printed.h"
#include "json/text.h"

namespace entrepot::cli {
namespace {

constexpr std::size_t kWrittenAtOnce = 64u << 10;

std::string audit_path(const Typed& typed) {
  std::string path = "/audit";
  for (const char* filter : {"who", "what", "repository", "namespace", "since", "until"}) {
    if (const auto text = typed.flag(filter)) {
      path += fmt::format("{}{}={}", path.ends_with("/audit") ? '?' : '&', filter, escaped(*text));
    }
  }
  return path;
}

// Visits at most `limit` records, newest first; the answer is where there are more. Ends whatever
// the server says: each record is older than the one before, and TooLarge for kMostPages pages in a
// row without one.
Result<std::optional<std::string>> each_record(Api& api, const std::string& path, std::size_t limit,
                                               const Api::Visit& visit) {
  std::optional<std::string> after = "";
  std::int64_t oldest = std::numeric_limits<std::int64_t>::max();
  for (std::size_t silent = 0; after && limit > 0; ++silent) {
    if (silent == Api::kMostPages) {
      return fail(ErrorCode::TooLarge, "{}{} has no end", api.server().url, path);
    }
    const auto take = [&](const json::Value& record) -> Result<void> {
      TRY_ASSIGN(const std::int64_t id, Row{record}.number("id"));
      if (id >= oldest || limit == 0) return record.invalid("out of order, or one too many");
      oldest = id;
      --limit;
      silent = 0;
      return visit(record);
    };
    TRY_ASSIGN(after, api.page(path, *after, std::min(limit, Api::kLargestPage), take));
  }
  return after;
}

Result<void> audit_list(Api& api, const Typed& typed, Operands) {
  TRY_ASSIGN(const std::size_t limit, audit_limit(typed.flag("limit"), kUsualAudit));
  List list(audit_columns(), typed.has("json"));
  TRY_ASSIGN(const auto next, each_record(api, audit_path(typed), limit,
                                          [&](const auto& record) { return list.add(record); }));
  return list.print(next);
}

Result<void> audit_export(Api& api, const Typed& typed, Operands) {
  TRY_ASSIGN(const std::size_t limit,
             audit_limit(typed.flag("limit"), std::numeric_limits<std::size_t>::max()));
  std::string lines;
  const auto write = [&]() -> Result<void> {
    const std::string written = std::exchange(lines, {});
    return write_output(written);
  };
  TRY(each_record(api, audit_path(typed), limit, [&](const json::Value& record) -> Result<void> {
    lines += json::text_of(record) + '\n';
    return lines.size() < kWrittenAtOnce ? Result<void>() : write();
  }));
  return write();
}

constexpr Verb kVerbs[] = {
    {"audit", "list", "", audit_list},
    {"audit", "export", "", audit_export},
};

}  // namespace

std::span<const Verb> audit_verbs() { return kVerbs; }

}  // namespace entrepot::cli
