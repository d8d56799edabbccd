#include "api/rest/rows.h"

#include "api/rest/page.h"
#include "api/rest/people_call.h"
#include "people/bounds.h"
#include "people/roles.h"

namespace entrepot::api::rest {
namespace {

using meta::SecretKind;

// More tags than these are not counted.
constexpr std::size_t kMostCounted = 1000;

std::string_view kind_of(SecretKind kind) {
  switch (kind) {
    case SecretKind::Session:
      return "session";
    case SecretKind::RefreshToken:
      return "refresh_token";
    case SecretKind::Invitation:
      return "invitation";
    default:
      return "access_token";
  }
}

}  // namespace

void write_user(json::Writer& json, const meta::Account& account, bool whole) {
  json.begin_object().member("name", std::string_view(account.name));
  const auto told = [whole](std::string_view text) {
    return whole ? std::optional(std::string(text)) : std::nullopt;
  };
  write_optional(json, "state", told(people::name_of(account.state)));
  write_optional(json, "role", told(people::name_of(account.role)));
  write_optional(json, "created_at", told(to_rfc3339(account.created_at)));
  json.end_object();
}

void write_organisation(json::Writer& json, const people::ListedOrganisation& row) {
  const auto told = [&](std::string_view text) {
    return row.settings ? std::optional(std::string(text)) : std::nullopt;
  };
  json.begin_object().member("name", std::string_view(row.account.name));
  write_optional(json, "role",
                 row.role ? std::optional(std::string(people::name_of(*row.role))) : std::nullopt);
  write_optional(json, "new_visibility", told(people::name_of(row.account.new_visibility)));
  write_optional(json, "base_role", told(people::name_of(row.account.base_role)));
  json.member("created_at", std::string_view(to_rfc3339(row.account.created_at))).end_object();
}

void write_member(json::Writer& json, const meta::Member& row) {
  json.begin_object()
      .member("name", std::string_view(row.name))
      .member("role", people::name_of(row.role))
      .end_object();
}

void write_robot(json::Writer& json, const people::ListedRobot& robot) {
  json.begin_object()
      .member("name", std::string_view(robot.account.name))
      .member("state", people::name_of(robot.account.state))
      .member("created_at", std::string_view(to_rfc3339(robot.account.created_at)))
      .key("secret_id");
  if (robot.secret) {
    json.value(robot.secret->id);
  } else {
    json.null();
  }
  write_time(json, "expires_at", robot.secret ? robot.secret->expires_at : std::nullopt);
  write_use(json, robot.secret);
  json.end_object();
}

void write_grant(json::Writer& json, const meta::Grant& grant) {
  json.begin_object()
      .member("id", grant.id)
      .member("to", std::string_view(people::holder_text(grant)))
      .member("role", people::name_of(grant.role))
      .member("pattern", std::string_view(grant.pattern));
  write_time(json, "expires_at", grant.expires_at);
  write_texts(json, "networks", grant.networks);
  json.member("made_by", std::string_view(grant.made_by))
      .member("made_at", std::string_view(to_rfc3339(grant.made_at)))
      .end_object();
}

void write_explanation(json::Writer& json, const access::Decision& decision) {
  json.begin_object()
      .member("allowed", decision.allowed())
      .member("reason", std::string_view(decision.reason))
      .end_object();
}

Result<void> write_bound(json::Writer& json, const meta::Secret& secret) {
  if (secret.bound.empty()) {
    json.key("scope").null().key("repositories").null();
    return {};
  }
  auto bound = people::parse_bound(secret.bound);
  if (!bound) return fail(ErrorCode::Corrupt, "secret {}: {}", secret.id, bound.error());
  access::Actions actions;
  std::vector<std::string> repositories;
  for (const auto& scope : bound->scopes) {
    actions = actions | scope.actions;
    repositories.push_back(scope.repository);
  }
  write_texts(json, "scope", people::scope_words(actions));
  write_texts(json, "repositories", repositories);
  return {};
}

Result<void> write_secret(json::Writer& json, const meta::Secret& secret, ByteView current) {
  json.begin_object()
      .member("id", secret.id)
      .member("kind", kind_of(secret.kind))
      .member("name", std::string_view(secret.name));
  TRY(write_bound(json, secret));
  json.member("created_at", std::string_view(to_rfc3339(secret.created_at)));
  write_time(json, "expires_at", secret.expires_at);
  write_use(json, secret);
  json.member("current", !current.empty() && current == ByteView(secret.fingerprint)).end_object();
  return {};
}

Result<std::optional<RepositoryRow>> find_row(const meta::Snapshot& snapshot,
                                              const oci::RepositoryName& name) {
  TRY_ASSIGN(auto found, if_there(snapshot.repositories().find(name)));
  if (!found) return std::nullopt;
  RepositoryRow row{*std::move(found)};
  TRY_ASSIGN(row.description, snapshot.words().description(row.repository.id));
  TRY_ASSIGN(row.tags, snapshot.tags().count(row.repository.id, kMostCounted));
  TRY_ASSIGN(const auto newest, snapshot.tags().page({.repository = row.repository.id,
                                                      .order = meta::TagQuery::Order::NewestFirst,
                                                      .limit = 1}));
  if (!newest.empty()) row.updated_at = newest.front().moved_at;
  TRY_ASSIGN(row.pulls, snapshot.pulls().of(row.repository.id));
  return row;
}

void write_repository(json::Writer& json, const RepositoryRow& row,
                      const std::vector<std::string_view>& may) {
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
  write_pulls(json, row.pulls);
  write_texts(json, "may", may);
  json.end_object();
}

void write_readme(json::Writer& json, const meta::Readme& readme, std::string_view html) {
  json.begin_object()
      .member("markdown", std::string_view(readme.markdown))
      .member("html", html)
      .member("changed_at", std::string_view(to_rfc3339(readme.changed_at)))
      .end_object();
}

std::string_view visibility_of(meta::Visibility visibility) {
  const bool unset = visibility == meta::Visibility::Unset;
  return people::name_of(unset ? meta::Visibility::Public : visibility);
}

}  // namespace entrepot::api::rest
