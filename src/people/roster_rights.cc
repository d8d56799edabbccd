// Those looks of Roster that are about grants and repositories.

#include <fmt/format.h>

#include "people/find.h"
#include "people/roles.h"
#include "people/roster.h"

namespace entrepot::people {
namespace {

using meta::Account;
using meta::AccountKind;
using meta::MemberRole;
using meta::RepositoryRole;
using GrantPage = Page<meta::Grant, std::int64_t>;
using GrantQuery = PageQuery<std::int64_t>;

GrantPage cut(std::vector<meta::Grant> rows, std::size_t limit) {
  GrantPage page{.rows = std::move(rows), .next = {}};
  if (page.rows.size() <= limit) return page;
  page.rows.pop_back();
  page.next = page.rows.back().id;
  return page;
}

bool counts_in(const meta::Grant& grant, const oci::RepositoryName& name, WallTime now) {
  if (grant.expires_at && *grant.expires_at <= now) return false;
  return grant.repository != meta::RepositoryId{} ||
         access::pattern_matches(grant.pattern, name.str());
}

AccessRow of_members(const Account& organisation, MemberRole role, RepositoryRole gives) {
  return {.holder = fmt::format("{}s:{}", name_of(role), organisation.name),
          .role = gives,
          .reason = fmt::format("{} of {}", name_of(role), organisation.name),
          .grant = {}};
}

}  // namespace

Result<GrantPage> Roster::grants(const GrantQuery& query) const {
  TRY(by_.may(snapshot_, Deed::ListEverybody, {}));
  TRY_ASSIGN(auto rows, snapshot_.grants().list(query.after, query.limit + 1));
  return cut(std::move(rows), query.limit);
}

Result<GrantPage> Roster::grants_below(std::string_view name_space, const GrantQuery& query) const {
  TRY_ASSIGN(const Target owner, find_owner(snapshot_, name_space));
  TRY(by_.may(snapshot_, Deed::ReadGrants, owner));
  TRY_ASSIGN(auto rows, snapshot_.grants().list_below(owner.name, query.after, query.limit + 1));
  return cut(std::move(rows), query.limit);
}

// The auditor sees all rights, and gives none.
Result<void> Roster::may_grant_in(const oci::RepositoryName& repository, WallTime now) const {
  TRY_ASSIGN(const bool all, may_list_everybody());
  if (all) return {};
  return by_.may(snapshot_, access::Action::Grant, repository.str(), now);
}

// One that is not there yet has a name all the same, on which something may be granted.
Result<meta::Repository> Roster::find_repository(const oci::RepositoryName& name) const {
  TRY_ASSIGN(auto found, if_there(snapshot_.repositories().find(name)));
  if (found) return *std::move(found);
  return meta::Repository{.id = {}, .name = name, .created_at = {}};
}

Result<GrantPage> Roster::grants_in(const oci::RepositoryName& repository, WallTime now,
                                    const GrantQuery& query) const {
  TRY(may_grant_in(repository, now));
  TRY_ASSIGN(const auto found, find_repository(repository));
  GrantPage page;
  std::int64_t after = query.after;
  while (page.rows.size() < query.limit) {
    const std::size_t wanted = query.limit - page.rows.size() + 1;
    TRY_ASSIGN(auto rows, snapshot_.grants().list_about(found, after, wanted));
    for (meta::Grant& grant : rows) {
      after = grant.id;
      if (counts_in(grant, repository, now)) page.rows.push_back(std::move(grant));
    }
    if (rows.size() < wanted) return page;
  }
  auto cut_page = cut(std::move(page.rows), query.limit);
  if (!cut_page.next) cut_page.next = after;
  return cut_page;
}

// Who has a role without a grant.
Result<std::vector<AccessRow>> Roster::unwritten(const meta::Repository& repository) const {
  std::vector<AccessRow> rows;
  TRY_ASSIGN(const bool everybody, may_list_everybody());
  if (everybody) rows.push_back({"admins", RepositoryRole::Admin, "system admin", {}});
  const std::string_view name_space = repository.name.name_space();
  std::optional<Account> owner;
  if (!name_space.empty()) {
    TRY_ASSIGN(owner, if_there(snapshot_.accounts().find(name_space)));
  }
  if (owner && owner->is_active() && owner->kind == AccountKind::User) {
    rows.push_back({"user:" + owner->name, RepositoryRole::Admin, "its own namespace", {}});
  }
  if (owner && owner->is_active() && owner->kind == AccountKind::Organisation) {
    rows.push_back(of_members(*owner, MemberRole::Owner, RepositoryRole::Admin));
    rows.push_back(of_members(*owner, MemberRole::Editor, RepositoryRole::Maintain));
    if (owner->base_role != RepositoryRole::None) {
      rows.push_back(of_members(*owner, MemberRole::Member, owner->base_role));
    }
  }
  if (repository.visibility == meta::Visibility::Public) {
    rows.push_back({"everybody", RepositoryRole::Read, "the repository is public", {}});
  }
  if (repository.visibility == meta::Visibility::Internal) {
    rows.push_back({"people", RepositoryRole::Read, "the repository is internal", {}});
  }
  return rows;
}

Result<Page<AccessRow, std::int64_t>> Roster::access(const oci::RepositoryName& repository,
                                                     WallTime now, const GrantQuery& query) const {
  TRY(may_grant_in(repository, now));
  TRY_ASSIGN(const auto there, snapshot_.repositories().find(repository));
  TRY_ASSIGN(auto granted, grants_in(repository, now, query));
  Page<AccessRow, std::int64_t> page{.rows = {}, .next = granted.next};
  if (query.after == 0) {
    TRY_ASSIGN(page.rows, unwritten(there));
  }
  for (meta::Grant& grant : granted.rows) {
    page.rows.push_back({holder_text(grant), grant.role, fmt::format("grant {}", grant.id), {}});
    page.rows.back().grant = std::move(grant);
  }
  return page;
}

Result<access::Decision> Roster::explain(std::string_view who, access::Action action,
                                         const oci::RepositoryName& repository,
                                         WallTime now) const {
  const bool oneself = who.empty() || (by_.account() && who == by_.actor().id);
  if (oneself) {
    TRY(by_.may(snapshot_, Deed::ReadAccount, {by_.account(), by_.actor().id}));
  } else {
    TRY(may_grant_in(repository, now));
  }
  auto subject = access::Subject::anonymous();
  if (who != "anonymous") {
    TRY_ASSIGN(const auto account,
               oneself ? snapshot_.accounts().find(by_.account()) : by_.find(snapshot_, who));
    subject = subject_of(account);
  }
  return people::explain(snapshot_, {.subject = subject,
                                     .action = action,
                                     .repository = repository.str(),
                                     .address = oneself ? by_.address() : "",
                                     .at = now});
}

}  // namespace entrepot::people
