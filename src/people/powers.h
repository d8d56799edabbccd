#pragma once
// people/powers.h — who may do what to accounts and rights, as people/rights.h is for repositories.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "access/policy.h"
#include "meta/store.h"
#include "people/rights.h"

namespace entrepot::people {

// What can be done to accounts and rights: a closed list.
enum class Deed : std::uint8_t {
  // To everybody
  ListEverybody,   // all users, organisations, robots, grants
  ManageAccounts,  // make users and organisations; disable, delete, give system roles
  // To one account
  Find,         // be told that a user or an organisation is called so
  ReadAccount,  // its state, its system role, the organisations that it is in
  SetPassword,
  ManageSecrets,  // list and revoke tokens and sessions
  MakeTokens,
  // To an organisation
  ReadOrganisation,    // its members, teams and settings
  ManageOrganisation,  // likewise
  // To what belongs to a namespace, by the account whose it is
  ReadRobots,
  ManageRobots,
  ReadGrants,    // those whose pattern begins with it
  ManageGrants,  // likewise
  ReadAudit,     // what was done in it, and to whose it is
};
inline constexpr std::size_t kDeeds = static_cast<std::size_t>(Deed::ReadAudit) + 1;

// To whom something is done; for the last five, whose namespace it is. A value.
struct Target {
  meta::AccountId id = {};  // 0: the system, or a namespace that is nobody's
  std::string name = {};    // for the words of a refusal
};

// Pure: everything it looks at is an argument. Who may:
//
//   | deed               | system admin | auditor | oneself | owner | member | any person |
//   |--------------------|--------------|---------|---------|-------|--------|------------|
//   | ListEverybody      | yes          | yes     |         |       |        |            |
//   | ManageAccounts     | yes          |         |         |       |        |            |
//   | Find               | yes          | yes     | yes     | yes   | yes    | yes        |
//   | ReadAccount        | yes          | yes     | yes     |       |        |            |
//   | SetPassword        | yes          |         | yes     |       |        |            |
//   | ManageSecrets      | yes          |         | yes     |       |        |            |
//   | MakeTokens         |              |         | yes     |       |        |            |
//   | ReadOrganisation   | yes          | yes     |         | yes   | yes    |            |
//   | ManageOrganisation | yes          |         |         | yes   |        |            |
//   | ReadRobots         | yes          | yes     | yes     | yes   | yes    |            |
//   | ManageRobots       | yes          |         | yes     | yes   |        |            |
//   | ReadGrants         | yes          | yes     | yes     | yes   |        |            |
//   | ManageGrants       | yes          |         | yes     | yes   |        |            |
//   | ReadAudit          | yes          | yes     | yes     | yes   |        |            |
//
// "Oneself" is whose account or namespace the target is; owner and member (in any role) are of the
// organisation that it is; a person is a user, no robot. Nobody who did not sign in may anything.
//
// A refusal is Denied, with whom to ask, for who may know of what the deed is about: of robots who
// may read them, of all else whoever may Find the target. For others it is Absent, in the words of
// what is not there.
access::Decision may(const Standing& caller, Deed deed, const Target& target);

// Over what a grant's pattern stretches.
struct Ground {
  std::string pattern;
  Target owner;                // of the namespace that it begins with
  std::optional<Place> place;  // where the pattern is one repository's name
};

// May they give something on all that the pattern covers? Whoever gives needs `admin` there: as
// system admin, as whose namespace it is, as owner of its organisation; or, on the name of one
// repository, by a right that does not end before the grant does, and counts from everywhere. So
// nobody gives what they lack. To anonymous, and to everybody in an htpasswd file, only system
// admins give.
access::Decision may_grant(const Standing& caller, const Ground& ground, meta::HolderKind to,
                           const std::optional<WallTime>& until);

// May they take back what was granted there, whoever gave it? As may_grant, for `now` alone and
// whoever holds it. Absent for who may not, but auditors.
access::Decision may_revoke(const Standing& caller, const Ground& ground, WallTime now);

// A decision as the error of a use case: Denied, NotFound, Unauthenticated.
Result<void> to_result(const access::Decision& decision);

}  // namespace entrepot::people
