#include "people/rights.h"

#include <algorithm>

#include <fmt/format.h>

#include "access/pattern.h"
#include "oci/name.h"
#include "people/roles.h"

namespace entrepot::people {
namespace {

using access::Action;
using access::Decision;
using access::Question;
using meta::MemberRole;
using meta::RepositoryRole;
using meta::SystemRole;
using meta::Visibility;
using Verdict = Decision::Verdict;

std::string_view name_space_of(std::string_view repository) {
  const std::size_t slash = repository.find('/');
  return slash == std::string_view::npos ? std::string_view() : repository.substr(0, slash);
}

// The highest role found so far, and where it comes from.
class Found {
 public:
  enum class From { Nothing, System, Namespace, Organisation, Grant, Public, Internal };

  void offer(RepositoryRole role, bool may_create, From from, const void* source = nullptr) {
    may_create_ = may_create_ || may_create;
    if (role <= role_) return;
    role_ = role;
    from_ = from;
    source_ = source;
  }

  bool allows(Action action, bool is_there) const {
    if (action == Action::Create) return may_create_;
    if (action == Action::Push && !is_there && !may_create_) return false;
    return actions_of(role_).has(action);
  }

  std::string why() const {
    switch (from_) {
      case From::Nothing:
        break;
      case From::System:
        return "system admin";
      case From::Namespace:
        return "its own namespace";
      case From::Organisation: {
        const auto& membership = *static_cast<const meta::Membership*>(source_);
        return fmt::format("{} of {}", name_of(membership.role), membership.name);
      }
      case From::Grant: {
        const auto& grant = *static_cast<const HeldGrant*>(source_);
        return fmt::format("grant {}: {} {} {}", grant.id, holder_text(grant), name_of(grant.role),
                           grant.pattern);
      }
      case From::Public:
        return "the repository is public";
      case From::Internal:
        return "the repository is internal, and this is somebody who signed in";
    }
    return "";
  }

 private:
  RepositoryRole role_ = RepositoryRole::None;
  bool may_create_ = false;
  From from_ = From::Nothing;
  const void* source_ = nullptr;
};

bool matches(const HeldGrant& grant, const Place& place, const Question& question) {
  if (grant.expires_at && *grant.expires_at <= question.at) return false;
  if (!grant.networks.empty() && !grant.from.contains(question.address)) return false;
  if (grant.repository != meta::RepositoryId{}) return grant.repository == place.id;
  return access::pattern_matches(grant.pattern, question.repository);
}

Found find_role(const Standing& standing, const Place& place, const Question& question) {
  const bool is_there = place.id != meta::RepositoryId{};
  Found found;
  if (standing.role == SystemRole::Admin) {
    found.offer(RepositoryRole::Admin, true, Found::From::System);
  }
  if (standing.id && place.owner == standing.id) {
    found.offer(RepositoryRole::Admin, true, Found::From::Namespace);
  }
  for (const meta::Membership& membership : standing.organisations) {
    if (membership.organisation != place.owner) continue;
    const bool makes = membership.role != MemberRole::Member;
    const RepositoryRole role = membership.role == MemberRole::Owner    ? RepositoryRole::Admin
                                : membership.role == MemberRole::Editor ? RepositoryRole::Maintain
                                : is_there                              ? membership.base_role
                                                                        : RepositoryRole::None;
    found.offer(role, makes, Found::From::Organisation, &membership);
  }
  for (const HeldGrant& grant : standing.grants) {
    if (!matches(grant, place, question)) continue;
    found.offer(grant.role, grant.role >= RepositoryRole::Write, Found::From::Grant, &grant);
  }
  if (is_there && place.visibility == Visibility::Public) {
    found.offer(RepositoryRole::Read, false, Found::From::Public);
  }
  if (is_there && place.visibility == Visibility::Internal && standing.id &&
      standing.kind == meta::AccountKind::User) {
    found.offer(RepositoryRole::Read, false, Found::From::Internal);
  }
  return found;
}

// A token for the catalog is one for lists, which show what their reader may see.
bool is_for_lists(const access::Bound::Scope& scope) {
  return scope.repository.empty() && scope.actions.has(Action::ListCatalog);
}

bool is_within(const access::Bound* bound, const Question& question) {
  if (bound == nullptr) return true;
  if (bound->expires_at && *bound->expires_at <= question.at) return false;
  return std::any_of(bound->scopes.begin(), bound->scopes.end(), [&](const auto& scope) {
    if (question.action == Action::See && is_for_lists(scope)) return true;
    if (!scope.actions.has(question.action)) return false;
    return question.repository.empty()
               ? scope.repository.empty()
               : access::pattern_matches(scope.repository, question.repository);
  });
}

std::string_view verb_of(Action action) {
  switch (action) {
    case Action::Push:
    case Action::Create:
      return "push to";
    case Action::Pull:
    case Action::See:
      return "pull from";
    case Action::Delete:
      return "delete from";
    case Action::Tag:
      return "tag in";
    default:
      return "administer";
  }
}

// Made of name and caller alone, so that it does not tell whether anything is there.
std::string refusal(const Question& question, bool bound_forbids) {
  if (question.repository.empty()) {
    return question.subject.name().empty()
               ? "sign in first"
               : fmt::format("{} may not do this", question.subject.name());
  }
  const std::string_view verb = verb_of(question.action);
  const std::string_view name = question.repository;
  if (question.subject.kind() == access::SubjectKind::Anonymous) {
    return fmt::format("sign in to {} {}", verb, name);
  }
  // The same whether it is the token that lacks it or its owner.
  const std::string_view also = bound_forbids ? ", and a token that allows it" : "";
  const std::string_view name_space = name_space_of(name);
  if (name_space.empty()) {
    return fmt::format(
        "{} may not {} {}: a name without a namespace is the system admins'{}; use {}/{}",
        question.subject.name(), verb, name, also, question.subject.name(), name);
  }
  return fmt::format("{} may not {} {}: that needs {}, which {}'s owners give{}",
                     question.subject.name(), verb, name, name_of(role_needed(question.action)),
                     name_space, also);
}

Decision refuse(const Question& question, bool bound_forbids) {
  const bool anonymous = question.subject.kind() == access::SubjectKind::Anonymous;
  const Verdict verdict = anonymous                             ? Verdict::Unauthenticated
                          : access::only_reads(question.action) ? Verdict::Absent
                                                                : Verdict::Denied;
  return {verdict, refusal(question, bound_forbids)};
}

// To the registry as a whole. Who asks without a token is asked for one; an anonymous token is
// good enough for what is public.
Decision judge_registry(const Standing& standing, const Question& question) {
  const bool asks_like_anybody =
      question.action == Action::Ping || question.action == Action::ListCatalog;
  if (!asks_like_anybody) {
    return standing.role == SystemRole::Admin ? Decision{Verdict::Allowed, ""}
                                              : refuse(question, false);
  }
  if (!standing.id && question.subject.bound() == nullptr) return refuse(question, false);
  if (question.action == Action::ListCatalog && !is_within(question.subject.bound(), question)) {
    return refuse(question, true);
  }
  return {Verdict::Allowed, ""};
}

}  // namespace

namespace {

// A robot lives as long as the account in whose namespace it is.
Result<bool> is_alive(const meta::Snapshot& snapshot, const meta::Account& account) {
  if (!account.is_active() || !account.owner) return account.is_active();
  TRY_ASSIGN(const auto owner, if_there(snapshot.accounts().find(account.owner)));
  return owner && owner->is_active();
}

// Networks were checked when the grant was made; one that cannot be read counts nowhere.
Result<void> add_grants(const meta::Snapshot& snapshot, meta::AccountId holder,
                        Standing& standing) {
  TRY_ASSIGN(auto grants, snapshot.grants().held_by(holder));
  for (meta::Grant& grant : grants) {
    auto from = net::Networks::parse(grant.networks);
    if (!from) continue;
    standing.grants.push_back({std::move(grant), *std::move(from)});
  }
  return {};
}

}  // namespace

std::string holder_text(const meta::Grant& grant) {
  switch (grant.holder_kind) {
    case meta::HolderKind::Account:
      return (grant.holder_name.find('/') == std::string::npos ? "user:" : "robot:") +
             grant.holder_name;
    case meta::HolderKind::Team:
      return "team:" + grant.holder_name;
    case meta::HolderKind::Provider:
      return grant.holder_name;
    case meta::HolderKind::Anonymous:
      break;
  }
  return "anonymous";
}

Result<Standing> find_standing(const meta::Snapshot& snapshot, meta::AccountId id) {
  Standing standing;
  standing.id = id;
  if (id) {
    TRY_ASSIGN(const auto account, if_there(snapshot.accounts().find(id)));
    standing.active = false;
    if (account) {
      TRY_ASSIGN(standing.active, is_alive(snapshot, *account));
    }
    if (!standing.active) return standing;
    standing.kind = account->kind;
    standing.name = account->name;
    standing.role = account->role;
    standing.epoch = account->epoch;
    TRY_ASSIGN(standing.organisations, snapshot.members().of(id));
    TRY(add_grants(snapshot, id, standing));
  }
  TRY(add_grants(snapshot, {}, standing));
  return standing;
}

Result<Place> find_place(const meta::Snapshot& snapshot, std::string_view repository) {
  Place place;
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(repository));
  TRY_ASSIGN(const auto found, if_there(snapshot.repositories().find(name)));
  if (found) {
    place.id = found->id;
    place.visibility = found->visibility;
  }
  if (!name.name_space().empty()) {
    TRY_ASSIGN(const auto owner, if_there(snapshot.accounts().find(name.name_space())));
    if (owner && owner->is_active()) place.owner = owner->id;
  }
  return place;
}

Decision judge(const Standing& standing, const Place& place, const Question& question,
               Detail detail) {
  if (!standing.active) return refuse(question, false);
  if (question.repository.empty()) return judge_registry(standing, question);
  // Before the role: else a token that is bound elsewhere was told whether its owner has one.
  if (!is_within(question.subject.bound(), question)) return refuse(question, true);
  const bool is_there = place.id != meta::RepositoryId{};
  const Found found = find_role(standing, place, question);
  const bool allowed = found.allows(question.action, is_there) ||
                       (question.action == Action::See && standing.role == SystemRole::Auditor);
  if (!allowed) return refuse(question, false);
  return {Verdict::Allowed, detail == Detail::WhyAllowed ? found.why() : std::string()};
}

Result<Decision> explain(const meta::Snapshot& snapshot, const Question& question) {
  TRY_ASSIGN(const Standing standing,
             find_standing(snapshot, meta::AccountId{question.subject.id()}));
  Place place;
  if (!question.repository.empty()) {
    TRY_ASSIGN(place, find_place(snapshot, question.repository));
  }
  return judge(standing, place, question, Detail::WhyAllowed);
}

access::Reach reach_of(const Standing& standing, const Question& question) {
  access::Reach reach{.everything = false};
  if (!standing.active) return reach;
  const auto add_beginning_of = [&](std::string_view pattern) {
    reach.beginnings.emplace_back(pattern.substr(0, pattern.find('*')));
  };
  const access::Bound* const bound = question.subject.bound();
  const bool is_bound = !question.subject.is_unbound() &&
                        std::none_of(bound->scopes.begin(), bound->scopes.end(), is_for_lists);
  if (is_bound) {
    for (const auto& scope : bound->scopes) {
      if (scope.actions.has(Action::See)) add_beginning_of(scope.repository);
    }
    return reach;
  }
  reach.is_certain = bound == nullptr || !bound->expires_at || *bound->expires_at > question.at;
  reach.everything = standing.role != SystemRole::None;
  reach.is_public = true;
  reach.is_internal = standing.id && standing.kind == meta::AccountKind::User;
  if (standing.id) reach.beginnings.push_back(standing.name + '/');
  for (const meta::Membership& membership : standing.organisations) {
    reach.beginnings.push_back(membership.name + '/');
  }
  for (const HeldGrant& grant : standing.grants) add_beginning_of(grant.pattern);
  return reach;
}

bool allows_everywhere(const Standing& standing, const Question& question) {
  return standing.active && standing.role == SystemRole::Admin &&
         question.subject.bound() == nullptr;
}

}  // namespace entrepot::people
