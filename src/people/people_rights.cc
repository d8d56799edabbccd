// Those of People that give and take: teams, grants, repositories.

#include "json/writer.h"
#include "net/networks.h"
#include "people/find.h"
#include "people/names.h"
#include "people/people.h"
#include "people/roles.h"

namespace entrepot::people {
namespace {

using events::EventKind;
using meta::Account;
using meta::AccountKind;
using meta::Transaction;

std::string team_detail(const Account& organisation, std::string_view team,
                        std::string_view account, std::string_view change) {
  std::string text;
  json::Writer(text)
      .begin_object()
      .member("organisation", std::string_view(organisation.name))
      .member("team", team)
      .member("account", account)
      .member("change", change)
      .end_object();
  return text;
}

std::string grant_detail(const meta::Grant& grant) {
  std::string text;
  json::Writer(text)
      .begin_object()
      .member("grant", grant.id)
      .member("to", std::string_view(grant.holder_name))
      .member("role", name_of(grant.role))
      .member("pattern", std::string_view(grant.pattern))
      .end_object();
  return text;
}

std::string visibility_detail(meta::Visibility visibility) {
  std::string text;
  json::Writer(text).begin_object().member("visibility", name_of(visibility)).end_object();
  return text;
}

// A team with its organisation.
struct FoundTeam {
  Account organisation;
  meta::Team team;
};

Result<FoundTeam> find_team(const meta::Snapshot& snapshot, const Author& by, Deed deed,
                            std::string_view organisation, std::string_view team) {
  TRY_ASSIGN(Account there, by.find(snapshot, organisation, AccountKind::Organisation));
  TRY(by.may(snapshot, deed, target_of(there)));
  TRY_ASSIGN(meta::Team found, snapshot.teams().find(there.id, team));
  return FoundTeam{std::move(there), std::move(found)};
}

}  // namespace

Result<Holder> find_holder(const meta::Snapshot& snapshot, const Author& by, std::string_view to) {
  if (to == "anonymous") return Holder{meta::HolderKind::Anonymous, 0};
  if (to == "htpasswd") {
    return Holder{meta::HolderKind::Provider, static_cast<int>(meta::Provider::Htpasswd)};
  }
  const std::size_t colon = to.find(':');
  const std::string_view kind = to.substr(0, colon == std::string_view::npos ? 0 : colon);
  const std::string_view name = colon == std::string_view::npos ? "" : to.substr(colon + 1);
  if (kind == "user" || kind == "robot") {
    const AccountKind wanted = kind == "user" ? AccountKind::User : AccountKind::Robot;
    TRY_ASSIGN(const Account account, by.find(snapshot, name, wanted));
    return Holder{meta::HolderKind::Account, account.id.value};
  }
  if (kind == "team") {
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos) {
      return fail(ErrorCode::InvalidArgument,
                  "\"{}\": a team's organisation stands in front, as in team:acme/dev", to);
    }
    TRY_ASSIGN(const FoundTeam found, find_team(snapshot, by, Deed::ReadOrganisation,
                                                name.substr(0, slash), name.substr(slash + 1)));
    return Holder{meta::HolderKind::Team, found.team.id};
  }
  return fail(ErrorCode::InvalidArgument,
              "\"{}\" is nobody: say user:NAME, team:ORGANISATION/NAME, robot:NAMESPACE/NAME, "
              "htpasswd or anonymous",
              to);
}

Result<meta::Team> People::create_team(Context& context, By by, std::string_view organisation,
                                       std::string_view team) {
  TRY(check_name(team));
  return store_.transact<meta::Team>(context, [&](Transaction& tx) -> Result<meta::Team> {
    TRY_ASSIGN(const Account there, by.find(tx, organisation, AccountKind::Organisation));
    TRY(by.may(tx, Deed::ManageOrganisation, target_of(there)));
    TRY_ASSIGN(const meta::Team made, tx.teams().create(there.id, team));
    TRY(tell(tx, by, EventKind::MemberChanged, team_detail(there, team, "", "created")));
    return made;
  });
}

Result<void> People::remove_team(Context& context, By by, std::string_view organisation,
                                 std::string_view team) {
  return store_.write(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const FoundTeam found,
               find_team(tx, by, Deed::ManageOrganisation, organisation, team));
    TRY(tx.teams().remove(found.team.id));
    return tell(tx, by, EventKind::MemberChanged,
                team_detail(found.organisation, team, "", "removed"));
  });
}

Result<void> People::add_to_team(Context& context, By by, std::string_view organisation,
                                 std::string_view team, std::string_view user) {
  return store_.write(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const FoundTeam found,
               find_team(tx, by, Deed::ManageOrganisation, organisation, team));
    TRY_ASSIGN(const Account who, by.find(tx, user));
    TRY_ASSIGN(const auto memberships, tx.members().of(who.id));
    const bool member = std::any_of(
        memberships.begin(), memberships.end(),
        [&](const auto& membership) { return membership.organisation == found.organisation.id; });
    if (!member) {
      return fail(ErrorCode::Conflict, "{} is no member of {}: make it one first", user,
                  organisation);
    }
    TRY(tx.teams().add(found.team.id, who.id));
    return tell(tx, by, EventKind::MemberChanged,
                team_detail(found.organisation, team, who.name, "added"));
  });
}

Result<void> People::drop_from_team(Context& context, By by, std::string_view organisation,
                                    std::string_view team, std::string_view user) {
  return store_.write(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const FoundTeam found,
               find_team(tx, by, Deed::ManageOrganisation, organisation, team));
    TRY_ASSIGN(const Account who, by.find(tx, user));
    TRY(tx.teams().drop(found.team.id, who.id));
    return tell(tx, by, EventKind::MemberChanged,
                team_detail(found.organisation, team, who.name, "dropped"));
  });
}

Result<meta::Grant> People::add_grant(Transaction& tx, By by, const Holder& holder,
                                      const GrantWish& wish) const {
  TRY_ASSIGN(const auto pattern, access::Pattern::parse(wish.pattern));
  TRY(net::Networks::parse(wish.networks));
  TRY(by.may_grant(tx, pattern, holder.kind, wish.expires_at));
  if (wish.role == meta::RepositoryRole::None) {
    return fail(ErrorCode::InvalidArgument, "a grant has a role: read, write, maintain or admin");
  }
  if (holder.kind == meta::HolderKind::Anonymous && wish.role != meta::RepositoryRole::Read) {
    return fail(ErrorCode::InvalidArgument, "anonymous gets no more than read");
  }
  meta::NewGrant grant;
  grant.holder_kind = holder.kind;
  grant.holder = holder.id;
  grant.role = wish.role;
  grant.pattern = pattern.str();
  grant.expires_at = wish.expires_at;
  grant.networks = wish.networks;
  grant.made_by = by.actor().id;
  grant.made_at = clock_.wall();
  if (pattern.is_literal()) {
    TRY_ASSIGN(const auto name, oci::RepositoryName::parse(pattern.str()));
    TRY_ASSIGN(const auto found, if_there(tx.repositories().find(name)));
    if (found) grant.repository = found->id;
  }
  TRY_ASSIGN(auto made, tx.grants().create(grant));
  TRY(tell(tx, by, EventKind::GrantCreated, grant_detail(made)));
  return made;
}

Result<meta::Grant> People::grant(Context& context, By by, const GrantWish& wish) {
  return store_.transact<meta::Grant>(context, [&](Transaction& tx) -> Result<meta::Grant> {
    TRY_ASSIGN(const Holder holder, find_holder(tx, by, wish.to));
    return add_grant(tx, by, holder, wish);
  });
}

Result<void> People::revoke_grant(Context& context, By by, std::int64_t id) {
  return store_.write(context, [&](Transaction& tx) -> Result<void> {
    // Who is bound to something may do nothing here, and learns no numbers.
    TRY(by.may(tx, Deed::ReadAccount, {by.account(), by.actor().id}));
    TRY_ASSIGN(const meta::Grant grant, tx.grants().find(id));
    TRY(by.may_revoke(tx, grant, clock_.wall()));
    TRY(tx.grants().remove(id));
    return tell(tx, by, EventKind::GrantRemoved, grant_detail(grant));
  });
}

Result<meta::Repository> People::create_repository(Context& context, By by,
                                                   const oci::RepositoryName& name,
                                                   meta::Visibility visibility) {
  return store_.transact<meta::Repository>(
      context, [&](Transaction& tx) -> Result<meta::Repository> {
        TRY(by.may(tx, access::Action::Create, name.str(), clock_.wall()));
        TRY_ASSIGN(meta::FoundRepository made,
                   tx.repositories().find_or_create(name, clock_.wall()));
        if (!made.is_new) {
          return fail(ErrorCode::AlreadyExists, "there is a repository {}", name.str());
        }
        TRY(tx.repositories().set_visibility(made.id, visibility));
        made.visibility = visibility;
        TRY(tell(tx, by, EventKind::RepositoryCreated, visibility_detail(visibility), name));
        return made;
      });
}

Result<void> People::set_visibility(Context& context, By by, const oci::RepositoryName& name,
                                    meta::Visibility visibility) {
  return store_.write(context, [&](Transaction& tx) -> Result<void> {
    TRY(by.may(tx, access::Action::Visibility, name.str(), clock_.wall()));
    TRY_ASSIGN(const auto found, tx.repositories().find(name));
    TRY(tx.repositories().set_visibility(found.id, visibility));
    return tell(tx, by, EventKind::RepositoryChanged, visibility_detail(visibility), name);
  });
}

Result<void> People::set_archived(Context& context, By by, const oci::RepositoryName& name,
                                  bool archived) {
  return store_.write(context, [&](Transaction& tx) -> Result<void> {
    TRY(by.may(tx, access::Action::Archive, name.str(), clock_.wall()));
    TRY_ASSIGN(const auto found, tx.repositories().find(name));
    if (found.archived == archived) return {};
    TRY(tx.repositories().set_archived(found.id, archived));
    std::string detail;
    json::Writer(detail).begin_object().member("archived", archived).end_object();
    return tell(tx, by, EventKind::RepositoryChanged, std::move(detail), name);
  });
}

}  // namespace entrepot::people
