#include "people/roster.h"

#include <algorithm>

#include <fmt/format.h>

#include "people/find.h"
#include "people/names.h"
#include "people/roles.h"

namespace entrepot::people {
namespace {

using meta::Account;
using meta::AccountKind;

// One row more than the page tells whether there is another page.
template <class Row, class Cursor, class Key>
Page<Row, Cursor> cut(std::vector<Row> rows, std::size_t limit, const Key& key) {
  Page<Row, Cursor> page{.rows = std::move(rows), .next = {}};
  if (page.rows.size() <= limit) return page;
  page.rows.resize(limit, page.rows.front());
  page.next = key(page.rows.back());
  return page;
}

// Of a list that is there as a whole.
std::vector<meta::Membership> behind(std::vector<meta::Membership> all, std::string_view after) {
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::erase_if(all, [&](const auto& each) { return each.name <= after; });
  return all;
}

const auto kByName = [](const auto& row) { return row.name; };
const auto kById = [](const auto& row) { return row.id; };
const auto kByAccount = [](const auto& row) { return row.account.value; };

// What `next(after, limit)` lists, as far as `wanted` wants it.
template <class Row, class Cursor, class Next, class Wanted, class Key>
Result<Page<Row, Cursor>> sift(const PageQuery<Cursor>& query, const Next& next,
                               const Wanted& wanted, const Key& key) {
  Page<Row, Cursor> page;
  Cursor after = query.after;
  constexpr std::size_t kAtOnce = 500;
  for (std::size_t looked = 0; looked < Roster::kMostLookedAt; looked += kAtOnce) {
    TRY_ASSIGN(auto rows, next(after, kAtOnce));
    for (Row& row : rows) {
      if (!wanted(row)) continue;
      if (page.rows.size() == query.limit) {
        page.next = key(page.rows.back());
        return page;
      }
      page.rows.push_back(std::move(row));
    }
    if (rows.size() < kAtOnce) return page;
    after = key(rows.back());
  }
  page.next = std::move(after);
  return page;
}

}  // namespace

Result<bool> Roster::may_list_everybody() const {
  return is_allowed(by_.may(snapshot_, Deed::ListEverybody, {}));
}

Result<Page<Account, std::string>> Roster::users(const PageQuery<std::string>& query,
                                                 std::string_view part) const {
  TRY(by_.may(snapshot_, Deed::ListEverybody, {}));
  return sift<Account, std::string>(
      query,
      [&](const std::string& after, std::size_t limit) {
        return snapshot_.accounts().list(AccountKind::User, after, limit);
      },
      [&](const Account& account) { return account.name.find(part) != std::string::npos; },
      kByName);
}

Result<Roster::FoundUser> Roster::user(std::string_view name) const {
  TRY_ASSIGN(auto account, by_.find(snapshot_, name, AccountKind::User));
  TRY_ASSIGN(const bool whole,
             is_allowed(by_.may(snapshot_, Deed::ReadAccount, target_of(account))));
  return FoundUser{std::move(account), whole};
}

Result<Page<meta::Membership, std::string>> Roster::organisations_of(
    std::string_view user, const PageQuery<std::string>& query) const {
  TRY_ASSIGN(const auto account, by_.find(snapshot_, user, AccountKind::User));
  TRY(by_.may(snapshot_, Deed::ReadAccount, target_of(account)));
  TRY_ASSIGN(auto all, snapshot_.members().of(account.id));
  return cut<meta::Membership, std::string>(behind(std::move(all), query.after), query.limit,
                                            kByName);
}

Result<Page<ListedOrganisation, std::string>> Roster::organisations(
    const PageQuery<std::string>& query) const {
  TRY(by_.may(snapshot_, Deed::ReadAccount, {by_.account(), by_.actor().id}));
  TRY_ASSIGN(const bool all, may_list_everybody());
  TRY_ASSIGN(const auto own, snapshot_.members().of(by_.account()));
  std::vector<ListedOrganisation> rows;
  const auto role_in = [&](meta::AccountId id) -> std::optional<meta::MemberRole> {
    for (const meta::Membership& each : own) {
      if (each.organisation == id) return each.role;
    }
    return std::nullopt;
  };
  if (all) {
    TRY_ASSIGN(auto accounts,
               snapshot_.accounts().list(AccountKind::Organisation, query.after, query.limit + 1));
    for (Account& account : accounts) {
      const auto role = role_in(account.id);
      rows.push_back({std::move(account), role, true});
    }
  } else {
    auto further = behind(own, query.after);
    if (further.size() > query.limit) further.resize(query.limit + 1);
    for (const meta::Membership& each : further) {
      TRY_ASSIGN(auto account, snapshot_.accounts().find(each.organisation));
      rows.push_back({std::move(account), each.role, true});
    }
  }
  return cut<ListedOrganisation, std::string>(std::move(rows), query.limit,
                                              [](const auto& row) { return row.account.name; });
}

Result<ListedOrganisation> Roster::organisation(std::string_view name) const {
  TRY_ASSIGN(auto account, by_.find(snapshot_, name, AccountKind::Organisation));
  TRY_ASSIGN(const bool told,
             is_allowed(by_.may(snapshot_, Deed::ReadOrganisation, target_of(account))));
  TRY_ASSIGN(const auto own, snapshot_.members().of(by_.account()));
  ListedOrganisation found{.account = std::move(account), .role = {}, .settings = told};
  for (const meta::Membership& each : own) {
    if (each.organisation == found.account.id) found.role = each.role;
  }
  return found;
}

Result<Account> Roster::find_organisation(std::string_view name) const {
  TRY_ASSIGN(auto account, by_.find(snapshot_, name, AccountKind::Organisation));
  TRY(by_.may(snapshot_, Deed::ReadOrganisation, target_of(account)));
  return account;
}

Result<Page<meta::Member, std::int64_t>> Roster::members(
    std::string_view organisation, const PageQuery<std::int64_t>& query) const {
  TRY_ASSIGN(const auto there, find_organisation(organisation));
  TRY_ASSIGN(auto rows,
             snapshot_.members().list(there.id, meta::AccountId{query.after}, query.limit + 1));
  return cut<meta::Member, std::int64_t>(std::move(rows), query.limit, kByAccount);
}

Result<Page<meta::Team, std::string>> Roster::teams(std::string_view organisation,
                                                    const PageQuery<std::string>& query) const {
  TRY_ASSIGN(const auto there, find_organisation(organisation));
  TRY_ASSIGN(auto rows, snapshot_.teams().list(there.id, query.after, query.limit + 1));
  return cut<meta::Team, std::string>(std::move(rows), query.limit, kByName);
}

Result<Page<meta::TeamMember, std::int64_t>> Roster::team_members(
    std::string_view organisation, std::string_view team,
    const PageQuery<std::int64_t>& query) const {
  TRY_ASSIGN(const auto there, find_organisation(organisation));
  TRY_ASSIGN(const auto found, snapshot_.teams().find(there.id, team));
  TRY_ASSIGN(auto rows,
             snapshot_.teams().members(found.id, meta::AccountId{query.after}, query.limit + 1));
  return cut<meta::TeamMember, std::int64_t>(std::move(rows), query.limit, kByAccount);
}

Result<Page<ListedRobot, std::string>> Roster::robots(std::string_view name_space,
                                                      const PageQuery<std::string>& query) const {
  std::string prefix;
  if (name_space.empty()) {
    TRY(by_.may(snapshot_, Deed::ListEverybody, {}));
  } else {
    TRY_ASSIGN(const Target owner, find_owner(snapshot_, name_space));
    TRY(by_.may(snapshot_, Deed::ReadRobots, owner));
    prefix = owner.name + '/';
  }
  TRY_ASSIGN(auto accounts,
             snapshot_.accounts().list(AccountKind::Robot, std::max(query.after, prefix),
                                       query.limit + 1));
  std::erase_if(accounts, [&](const auto& each) { return !each.name.starts_with(prefix); });
  auto page = cut<Account, std::string>(std::move(accounts), query.limit, kByName);
  Page<ListedRobot, std::string> robots{.rows = {}, .next = std::move(page.next)};
  for (Account& account : page.rows) {
    TRY_ASSIGN(auto secrets, snapshot_.secrets().list(account.id, 0, 1));
    std::optional<meta::Secret> secret;
    if (!secrets.empty()) secret = std::move(secrets.front());
    robots.rows.push_back({std::move(account), std::move(secret)});
  }
  return robots;
}

Result<Page<meta::Secret, std::int64_t>> Roster::secrets(
    std::string_view user, std::span<const meta::SecretKind> kinds,
    const PageQuery<std::int64_t>& query) const {
  TRY_ASSIGN(const auto account, by_.find(snapshot_, user, AccountKind::User));
  TRY(by_.may(snapshot_, Deed::ManageSecrets, target_of(account)));
  return sift<meta::Secret, std::int64_t>(
      query,
      [&](std::int64_t after, std::size_t limit) {
        return snapshot_.secrets().list(account.id, after, limit);
      },
      [&](const meta::Secret& secret) {
        return std::find(kinds.begin(), kinds.end(), secret.kind) != kinds.end();
      },
      kById);
}

}  // namespace entrepot::people
