#include "people/powers.h"

#include <array>

#include <fmt/format.h>

namespace entrepot::people {
namespace {

using access::Decision;
using Verdict = Decision::Verdict;

// What somebody is to a target; several at once.
enum Relation : unsigned {
  kAdmin = 1,
  kAuditor = 2,
  kSelf = 4,
  kOwner = 8,
  kMember = 16,
  kPerson = 32,
};
constexpr unsigned kAnyRelation = kAdmin | kAuditor | kSelf | kOwner | kMember | kPerson;
constexpr unsigned kReaders = kAdmin | kAuditor | kSelf | kOwner | kMember;

struct Row {
  Deed deed;
  unsigned may;           // any of these relations is enough
  unsigned knows;         // whoever has none of these is not told that it is there
  std::string_view does;  // "{}": the target's name
  std::string_view who_may;
};

// In the order of Deed.
constexpr std::array kRows{
    Row{Deed::ListEverybody, kAdmin | kAuditor, kAnyRelation, "list all that there is",
        "system admins and auditors"},
    Row{Deed::ManageAccounts, kAdmin, kAnyRelation, "make or change accounts", "system admins"},
    Row{Deed::Find, kAnyRelation, kAnyRelation, "find {}", "people"},
    Row{Deed::ReadAccount, kAdmin | kAuditor | kSelf, kAnyRelation, "read the account {}",
        "{}, system admins and auditors"},
    Row{Deed::SetPassword, kAdmin | kSelf, kAnyRelation, "set the password of {}",
        "{} and system admins"},
    Row{Deed::ManageSecrets, kAdmin | kSelf, kAnyRelation, "list or revoke what {} signs in with",
        "{} and system admins"},
    Row{Deed::MakeTokens, kSelf, kAnyRelation, "make tokens of {}", "{} alone"},
    Row{Deed::ReadOrganisation, kAdmin | kAuditor | kOwner | kMember, kAnyRelation,
        "see who is in {}", "its members"},
    Row{Deed::ManageOrganisation, kAdmin | kOwner, kAnyRelation,
        "change members, teams or settings of {}", "its owners"},
    Row{Deed::ReadRobots, kReaders, kReaders, "see the robots of {}", "its members"},
    Row{Deed::ManageRobots, kAdmin | kSelf | kOwner, kReaders, "make or remove robots of {}",
        "its owners"},
    Row{Deed::ReadGrants, kAdmin | kAuditor | kSelf | kOwner, kAnyRelation,
        "list what is granted below {}/", "its owners"},
    Row{Deed::ManageGrants, kAdmin | kSelf | kOwner, kAnyRelation, "grant on all of {}/",
        "its owners"},
    Row{Deed::ReadAudit, kAdmin | kAuditor | kSelf | kOwner, kAnyRelation,
        "read what was done in {}", "its owners, system admins and auditors"},
};
static_assert(kRows.size() == kDeeds);

unsigned relations_of(const Standing& caller, const Target& target) {
  unsigned all = 0;
  if (caller.role == meta::SystemRole::Admin) all |= kAdmin;
  if (caller.role == meta::SystemRole::Auditor) all |= kAuditor;
  if (caller.kind == meta::AccountKind::User) all |= kPerson;
  if (target.id && target.id == caller.id) all |= kSelf;
  for (const meta::Membership& membership : caller.organisations) {
    if (!target.id || membership.organisation != target.id) continue;
    all |= kMember;
    if (membership.role == meta::MemberRole::Owner) all |= kOwner;
  }
  return all;
}

Decision not_signed_in(const Standing& caller) {
  return {Verdict::Unauthenticated, caller.active ? "sign in first" : "this sign-in has ended"};
}

bool is_nobody(const Standing& caller) { return !caller.active || !caller.id; }

// The name of the target as a refusal says it; of the system's own robots and grants too.
std::string_view called(const Target& target) {
  return target.name.empty() ? std::string_view("the system") : std::string_view(target.name);
}

Decision absent(const Target& target) {
  return {Verdict::Absent, fmt::format("there is no {}, or not for you to see", called(target))};
}

// By a right of their own to this one repository, as it will be when the grant ends.
bool is_admin_of(const Standing& caller, const Ground& ground, WallTime at) {
  if (!ground.place) return false;
  const access::Subject subject(access::SubjectKind::User, caller.id.value, caller.name);
  return judge(caller, *ground.place,
               {.subject = subject,
                .action = access::Action::Grant,
                .repository = ground.pattern,
                .address = {},
                .at = at})
      .allowed();
}

bool manages(const Standing& caller, const Ground& ground, WallTime at) {
  return may(caller, Deed::ManageGrants, ground.owner).allowed() || is_admin_of(caller, ground, at);
}

}  // namespace

Decision may(const Standing& caller, Deed deed, const Target& target) {
  if (is_nobody(caller)) return not_signed_in(caller);
  const Row& row = kRows[static_cast<std::size_t>(deed)];
  const unsigned relations = relations_of(caller, target);
  if ((relations & row.may) != 0) return {Verdict::Allowed, ""};
  const bool is_system = target.name.empty();  // everybody knows of that
  if (!is_system && (relations & row.knows) == 0) return absent(target);
  const std::string name(called(target));
  return {Verdict::Denied, fmt::format("{} may not {}: that is for {}", caller.name,
                                       fmt::format(fmt::runtime(row.does), name),
                                       fmt::format(fmt::runtime(row.who_may), name))};
}

Decision may_grant(const Standing& caller, const Ground& ground, meta::HolderKind to,
                   const std::optional<WallTime>& until) {
  if (is_nobody(caller)) return not_signed_in(caller);
  const bool to_many = to == meta::HolderKind::Anonymous || to == meta::HolderKind::Provider;
  const bool allowed = to_many ? caller.role == meta::SystemRole::Admin
                               : manages(caller, ground, until.value_or(WallTime::max()));
  if (allowed) return {Verdict::Allowed, ""};
  const std::string who = to_many || !ground.owner.id
                              ? std::string("system admins")
                              : fmt::format("{}'s owners and system admins", ground.owner.name);
  return {Verdict::Denied,
          fmt::format("{} may not grant on {}: that needs admin on all of it, until the grant "
                      "ends; {} may",
                      caller.name, ground.pattern, who)};
}

Decision may_revoke(const Standing& caller, const Ground& ground, WallTime now) {
  if (is_nobody(caller)) return not_signed_in(caller);
  if (manages(caller, ground, now)) return {Verdict::Allowed, ""};
  if (caller.role != meta::SystemRole::Auditor) return {Verdict::Absent, "there is no such grant"};
  return {Verdict::Denied, fmt::format("{} may see grants and change none", caller.name)};
}

Result<void> to_result(const Decision& decision) {
  switch (decision.verdict) {
    case Verdict::Allowed:
      return {};
    case Verdict::Absent:
      return fail(ErrorCode::NotFound, "{}", decision.reason);
    case Verdict::Unauthenticated:
      return fail(ErrorCode::Unauthenticated, "{}", decision.reason);
    case Verdict::Denied:
    case Verdict::Unsupported:
      break;
  }
  return fail(ErrorCode::Denied, "{}", decision.reason);
}

}  // namespace entrepot::people
