#pragma once
// meta/members.h — who belongs to an organisation, and to its teams.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "meta/accounts.h"

namespace entrepot::meta {

// Stored as numbers: never renumber, only append.
enum class MemberRole : int {
  Member = 1,  // the organisation's base role, in what is there
  Editor = 2,  // makes and maintains repositories
  Owner = 3,   // everything there
};

// An organisation, from its member's side.
struct Membership {
  AccountId organisation;
  std::string name;  // of the organisation
  MemberRole role = MemberRole::Member;
  RepositoryRole base_role = RepositoryRole::None;  // of the organisation
};

// A member, from its organisation's side.
struct Member {
  AccountId account;
  std::string name;
  MemberRole role = MemberRole::Member;
};

class Members {
 public:
  virtual ~Members() = default;
  // Those of active organisations.
  virtual Result<std::vector<Membership>> of(AccountId account) const = 0;
  // By id, not by name.
  virtual Result<std::vector<Member>> list(AccountId organisation, AccountId after,
                                           std::size_t limit) const = 0;
  // Owners whose accounts are active.
  virtual Result<std::size_t> count_owners(AccountId organisation) const = 0;
  // Makes it a member, or gives a member another role.
  virtual Result<void> set(AccountId organisation, AccountId account, MemberRole role) = 0;
  // Also from the organisation's teams. NotFound.
  virtual Result<void> remove(AccountId organisation, AccountId account) = 0;
};

struct Team {
  std::int64_t id = 0;
  AccountId organisation;
  std::string name;  // within its organisation
};

struct TeamMember {
  AccountId account;
  std::string name;
};

class Teams {
 public:
  virtual ~Teams() = default;
  virtual Result<Team> find(AccountId organisation, std::string_view name) const = 0;
  virtual Result<std::vector<Team>> list(AccountId organisation, std::string_view after,
                                         std::size_t limit) const = 0;
  // By id, not by name.
  virtual Result<std::vector<TeamMember>> members(std::int64_t team, AccountId after,
                                                  std::size_t limit) const = 0;
  virtual Result<Team> create(AccountId organisation, std::string_view name) = 0;  // AlreadyExists
  // With its members and grants.
  virtual Result<void> remove(std::int64_t team) = 0;
  virtual Result<void> add(std::int64_t team, AccountId account) = 0;   // nothing when it is there
  virtual Result<void> drop(std::int64_t team, AccountId account) = 0;  // NotFound
};

}  // namespace entrepot::meta
