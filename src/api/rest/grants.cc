#include "api/rest/grants.h"

#include "api/rest/body.h"
#include "api/rest/rows.h"
#include "people/roles.h"

namespace entrepot::api::rest {
namespace {

using GrantPage = people::Page<meta::Grant, std::int64_t>;
using AccessPage = people::Page<people::AccessRow, std::int64_t>;

void write_access(json::Writer& json, const people::AccessRow& row) {
  json.begin_object()
      .member("holder", std::string_view(row.holder))
      .member("role", people::name_of(row.role))
      .member("reason", std::string_view(row.reason))
      .key("grant");
  if (row.grant) {
    write_grant(json, *row.grant);
  } else {
    json.null();
  }
  json.end_object();
}

Result<people::GrantWish> read_wish(std::string_view body, WallTime now) {
  static constexpr json::Names<5> kNames = {"to", "role", "pattern", "expires_at", "networks"};
  TRY_ASSIGN(const auto document, parse_body(body));
  TRY_ASSIGN(const auto fields, closed_fields(document.root(), kNames));
  TRY(fields.require({0, 1, 2}));
  people::GrantWish wish;
  std::optional<meta::RepositoryRole> role;
  TRY(fields.read(0, wish.to));
  TRY(read_word(fields, 1, &parse_given_role, kGivenRoles, role));
  TRY(fields.read(2, wish.pattern));
  TRY(read_end(fields, 3, now, wish.expires_at));
  TRY(read_texts(fields, 4, wish.networks));
  wish.role = *role;
  return wish;
}

Result<oci::RepositoryName> repository_of(const http::Request& request) {
  const auto name = request.parameter("repository");
  if (!name) return fail(ErrorCode::InvalidArgument, "repository: is missing");
  return oci::RepositoryName::parse(*name);
}

}  // namespace

Answered Grants::list(Context& context, const Call& call) {
  TRY_ASSIGN(const auto query, by_number(call.request));
  const auto name_space = call.request.parameter("namespace");
  std::optional<oci::RepositoryName> repository;
  if (call.request.parameter("repository")) {
    TRY_ASSIGN(repository, repository_of(call.request));
  }
  if (name_space && repository) {
    return fail(ErrorCode::InvalidArgument, "say namespace or repository, not both");
  }
  const WallTime now = call.services.clock.wall();
  TRY_ASSIGN(const auto page, look_up<GrantPage>(context, call, [&](const people::Roster& roster) {
               if (repository) return roster.grants_in(*repository, now, query);
               if (name_space) return roster.grants_below(*name_space, query);
               return roster.grants(query);
             }));
  return answer_page(page, write_grant);
}

Answered Grants::create(Context& context, const Call& call) {
  TRY_ASSIGN(const auto wish, read_wish(call.body, call.services.clock.wall()));
  auto people = people_of(call);
  TRY_ASSIGN(const auto made, people.grant(context, call.author(), wish));
  return created(call, std::to_string(made.id), body_of(made, write_grant));
}

Answered Grants::remove(Context& context, const Call& call) {
  TRY_ASSIGN(const std::int64_t id, number_in(call.words[0]));
  auto people = people_of(call);
  TRY(people.revoke_grant(context, call.author(), id));
  return done();
}

Answered Grants::access(Context& context, const Call& call) {
  TRY_ASSIGN(const auto query, by_number(call.request));
  const WallTime now = call.services.clock.wall();
  TRY_ASSIGN(const auto page, look_up<AccessPage>(context, call, [&](const people::Roster& roster) {
               return roster.access(call.repository(), now, query);
             }));
  return answer_page(page, write_access);
}

Answered Grants::explain(Context& context, const Call& call) {
  TRY_ASSIGN(const auto repository, repository_of(call.request));
  const auto action = access::parse_action(call.request.parameter("do").value_or("pull"));
  if (!action) return fail(ErrorCode::InvalidArgument, "do: pull, push, delete, grant, …");
  const std::string who = call.request.parameter("as").value_or("");
  const WallTime now = call.services.clock.wall();
  TRY_ASSIGN(const auto decision,
             look_up<access::Decision>(context, call, [&](const people::Roster& roster) {
               return roster.explain(who, *action, repository, now);
             }));
  return answer(200, body_of(decision, write_explanation));
}

}  // namespace entrepot::api::rest
