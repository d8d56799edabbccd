#include "api/rest/repositories.h"

#include "api/rest/body.h"
#include "api/rest/page.h"
#include "api/rest/problem.h"
#include "api/rest/rows.h"
#include "hub/words.h"
#include "json/reader.h"
#include "people/roles.h"
#include "registry/visible.h"

namespace entrepot::api::rest {
namespace {

using access::Action;

// Names that a search by a part of them looks at.
constexpr std::size_t kMostLookedAt = 20'000;

// What the caller may do to it, of all that can be done to a repository.
std::vector<std::string_view> allowed(Context& context, const Call& call, std::string_view name) {
  std::vector<std::string_view> may;
  for (std::size_t i = static_cast<std::size_t>(Action::See); i < access::kActions; ++i) {
    const auto action = static_cast<Action>(i);
    if (call.may(context, action, name)) may.push_back(access::name_of(action));
  }
  return may;
}

// What is to be another.
struct Change {
  std::optional<meta::Visibility> visibility;
  std::optional<std::string> description;
  std::optional<bool> archived;
};

Result<Change> wanted_change(std::string_view body) {
  static constexpr json::Names<3> kNames = {"visibility", "description", "archived"};
  TRY_ASSIGN(const auto document, json::Document::parse(body, "body"));
  TRY_ASSIGN(const auto fields, document.root().fields(kNames));
  Change change;
  if (fields.find(0)) {
    std::string text;
    TRY(fields.read(0, text));
    change.visibility = people::parse_visibility(text);
    if (!change.visibility) return fields.invalid(0, "is public, internal or private");
  }
  if (fields.find(1)) TRY(fields.read(1, change.description.emplace()));
  if (fields.find(2)) TRY(fields.read(2, change.archived.emplace()));
  if (!change.visibility && !change.description && !change.archived) {
    return fail(ErrorCode::InvalidArgument, "say visibility, description, archived, or several");
  }
  return change;
}

struct Wished {
  std::string name;
  std::optional<meta::Visibility> visibility;
};

// Of one namespace, where the request names one.
Result<registry::VisibleQuery> wanted_names(const http::Request& request) {
  TRY_ASSIGN(const PageRequest page, page_of(request));
  registry::VisibleQuery query{.after = page.after.value_or(""),
                               .containing = request.parameter("q").value_or(""),
                               .name_space = request.parameter("namespace").value_or(""),
                               .limit = page.limit,
                               .most_looked_at = kMostLookedAt};
  const std::string& name_space = query.name_space;
  if (!name_space.empty() &&
      (!oci::RepositoryName::is_valid(name_space) || name_space.find('/') != std::string::npos)) {
    return fail(ErrorCode::InvalidArgument, "namespace: the first part of names, such as acme");
  }
  return query;
}

Result<Wished> wished_repository(std::string_view body) {
  static constexpr json::Names<2> kNames = {"name", "visibility"};
  TRY_ASSIGN(const auto document, parse_body(body));
  TRY_ASSIGN(const auto fields, closed_fields(document.root(), kNames));
  TRY(fields.require({0, 1}));
  Wished wished;
  TRY(fields.read(0, wished.name));
  TRY(read_word(fields, 1, &people::parse_visibility, "is public, internal or private",
                wished.visibility));
  return wished;
}

}  // namespace

http::Response Repositories::list(Context& context, const Call& call) {
  const auto query = wanted_names(call.request);
  if (!query) return to_problem(query.error());
  const Gate& gate = call.services.gate;
  const auto question = gate.question(call.request, call.subject, Action::See, "");
  const auto found =
      registry::find_visible(context, call.services.pull, gate.policy(), question, *query);
  if (!found) return to_problem(found.error());
  std::vector<RepositoryRow> rows;
  const auto read =
      call.services.meta.read(context, [&](const meta::Snapshot& snapshot) -> Result<void> {
        rows.clear();
        for (const std::string& name : found->names) {
          TRY_ASSIGN(const auto parsed, oci::RepositoryName::parse(name));
          TRY_ASSIGN(auto row, find_row(snapshot, parsed));
          if (row) rows.push_back(*std::move(row));
        }
        return {};
      });
  if (!read) return to_problem(read.error());
  const auto next = found->next ? std::optional(to_cursor(*found->next)) : std::nullopt;
  return answer(200, page_body(next, [&](json::Writer& json) {
                  for (const RepositoryRow& row : rows) {
                    write_repository(json, row, allowed(context, call, row.repository.name.str()));
                  }
                }));
}

Answered Repositories::create(Context& context, const Call& call) {
  TRY_ASSIGN(const auto wished, wished_repository(call.body));
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(wished.name));
  auto people = people_of(call);
  TRY_ASSIGN(auto made, people.create_repository(context, call.author(), name, *wished.visibility));
  return created(
      call, name.str(),
      body_of(RepositoryRow{std::move(made)}, [&](json::Writer& json, const RepositoryRow& row) {
        write_repository(json, row, allowed(context, call, name.str()));
      }));
}

http::Response Repositories::get(Context& context, const Call& call) {
  const auto row = call.services.meta.view<std::optional<RepositoryRow>>(
      context,
      [&](const meta::Snapshot& snapshot) { return find_row(snapshot, call.repository()); });
  if (!row) return to_problem(row.error());
  if (!*row) return not_found();
  std::string body;
  json::Writer json(body);
  write_repository(json, **row, allowed(context, call, call.name));
  json.end_line();
  return answer(200, std::move(body));
}

http::Response Repositories::change(Context& context, const Call& call) {
  const auto change = wanted_change(call.body);
  if (!change) return to_problem(change.error());
  // Who may describe a repository need not be who may open or archive it: the author is asked.
  people::People people(call.services.meta, call.services.clock);
  if (change->archived && !*change->archived) {
    const auto changed = people.set_archived(context, call.author(), call.repository(), false);
    if (!changed) return to_problem(changed.error());
  }
  if (change->visibility) {
    const auto changed =
        people.set_visibility(context, call.author(), call.repository(), *change->visibility);
    if (!changed) return to_problem(changed.error());
  }
  if (change->description) {
    hub::Words words(call.services.meta, call.services.clock);
    const auto changed =
        words.describe(context, call.author().actor(), call.repository(), *change->description);
    if (!changed) return to_problem(changed.error());
  }
  if (change->archived && *change->archived) {
    const auto changed = people.set_archived(context, call.author(), call.repository(), true);
    if (!changed) return to_problem(changed.error());
  }
  return get(context, call);
}

}  // namespace entrepot::api::rest
