#include "api/rest/repositories.h"

#include "api/rest/body.h"
#include "api/rest/page.h"
#include "api/rest/problem.h"
#include "hub/words.h"
#include "json/reader.h"
#include "people/roles.h"
#include "registry/visible.h"

namespace entrepot::api::rest {
namespace {

using access::Action;

// More tags than these are not counted.
constexpr std::size_t kMostCounted = 1000;
// Names that a search by a part of them looks at.
constexpr std::size_t kMostLookedAt = 20'000;

struct Row {
  meta::Repository repository;
  std::string description = {};
  std::size_t tags = 0;
  std::optional<WallTime> updated_at = {};
};

Result<std::optional<Row>> row_of(const meta::Snapshot& snapshot, const oci::RepositoryName& name) {
  TRY_ASSIGN(auto found, if_there(snapshot.repositories().find(name)));
  if (!found) return std::nullopt;
  Row row{*std::move(found)};
  TRY_ASSIGN(row.description, snapshot.words().description(row.repository.id));
  TRY_ASSIGN(row.tags, snapshot.tags().count(row.repository.id, kMostCounted));
  TRY_ASSIGN(const auto newest, snapshot.tags().page({.repository = row.repository.id,
                                                      .order = meta::TagQuery::Order::NewestFirst,
                                                      .limit = 1}));
  if (!newest.empty()) row.updated_at = newest.front().moved_at;
  return row;
}

void write(json::Writer& json, const Row& row, const std::vector<std::string_view>& may) {
  const meta::Repository& repository = row.repository;
  const std::string& name = repository.name.str();
  const std::size_t slash = name.find('/');
  json.begin_object()
      .member("name", std::string_view(name))
      .member("namespace", std::string_view(name).substr(0, slash == std::string::npos ? 0 : slash))
      .member("description", std::string_view(row.description))
      .member("visibility", visibility_of(repository.visibility))
      .member("archived", repository.archived)
      .member("created_at", std::string_view(to_rfc3339(repository.created_at)))
      .member("tags", row.tags);
  write_optional(json, "updated_at",
                 row.updated_at ? std::optional(to_rfc3339(*row.updated_at)) : std::nullopt);
  write_texts(json, "may", may);
  json.end_object();
}

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

std::string_view visibility_of(meta::Visibility visibility) {
  const bool unset = visibility == meta::Visibility::Unset;
  return people::name_of(unset ? meta::Visibility::Public : visibility);
}

http::Response Repositories::list(Context& context, const Call& call) {
  const auto query = wanted_names(call.request);
  if (!query) return to_problem(query.error());
  const Gate& gate = call.services.gate;
  const auto question = gate.question(call.request, call.subject, Action::See, "");
  const auto found =
      registry::find_visible(context, call.services.pull, gate.policy(), question, *query);
  if (!found) return to_problem(found.error());
  std::vector<Row> rows;
  const auto read =
      call.services.meta.read(context, [&](const meta::Snapshot& snapshot) -> Result<void> {
        rows.clear();
        for (const std::string& name : found->names) {
          TRY_ASSIGN(const auto parsed, oci::RepositoryName::parse(name));
          TRY_ASSIGN(auto row, row_of(snapshot, parsed));
          if (row) rows.push_back(*std::move(row));
        }
        return {};
      });
  if (!read) return to_problem(read.error());
  const auto next = found->next ? std::optional(to_cursor(*found->next)) : std::nullopt;
  return answer(200, page_body(next, [&](json::Writer& json) {
                  for (const Row& row : rows) {
                    write(json, row, allowed(context, call, row.repository.name.str()));
                  }
                }));
}

Answered Repositories::create(Context& context, const Call& call) {
  TRY_ASSIGN(const auto wished, wished_repository(call.body));
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(wished.name));
  auto people = people_of(call);
  TRY_ASSIGN(auto made, people.create_repository(context, call.author(), name, *wished.visibility));
  return created(call, name.str(),
                 body_of(Row{std::move(made)}, [&](json::Writer& json, const Row& row) {
                   write(json, row, allowed(context, call, name.str()));
                 }));
}

http::Response Repositories::get(Context& context, const Call& call) {
  const auto row = call.services.meta.view<std::optional<Row>>(
      context, [&](const meta::Snapshot& snapshot) { return row_of(snapshot, call.repository()); });
  if (!row) return to_problem(row.error());
  if (!*row) return not_found();
  std::string body;
  json::Writer json(body);
  write(json, **row, allowed(context, call, call.name));
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
