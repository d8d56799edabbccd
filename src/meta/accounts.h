#pragma once
// meta/accounts.h — people, organisations and machines: who has a name here.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace entrepot::meta {

// Never given twice, and the same after a rename. 0 is nobody's.
struct AccountId {
  std::int64_t value = 0;
  explicit operator bool() const { return value != 0; }
  friend auto operator<=>(const AccountId&, const AccountId&) = default;
};

// All of these are stored as numbers: never renumber, only append.
enum class AccountKind : int { User = 1, Organisation = 2, Robot = 3 };
enum class AccountState : int {
  Active = 1,
  Disabled = 2,
  Deleted = 3,  // stays, so that its name and its id are given to nobody else
};
// Who says whether somebody is who they say.
enum class Provider : int {
  Local = 1,     // we do: their secrets are ours
  Htpasswd = 2,  // a file of names and hashes; the account's name is "htpasswd:" and theirs
};
// What an account is for the whole system. An auditor sees every name and right, and no bytes.
enum class SystemRole : int { None = 0, Auditor = 1, Admin = 2 };
// What somebody may do in a repository; each includes those before it.
enum class RepositoryRole : int { None = 0, Read = 1, Write = 2, Maintain = 3, Admin = 4 };
// Who may see and pull.
enum class Visibility : int {
  Unset = 0,     // nobody said: the repository was made while there were no accounts
  Public = 1,    // everybody
  Internal = 2,  // people who signed in
  Private = 3,   // who has a role in it
};

struct NewAccount {
  AccountKind kind = AccountKind::User;
  Provider provider = Provider::Local;
  std::string name;  // "alice", "acme"; a robot's has its namespace in front: "acme/ci"
  // Of a robot: the account whose namespace it belongs to; 0: the system's.
  AccountId owner = {};
  SystemRole role = SystemRole::None;
  // Of a user or organisation: what repositories that are made below its name begin as.
  Visibility new_visibility = Visibility::Private;
  // Of an organisation: what its members may do in its repositories.
  RepositoryRole base_role = RepositoryRole::Read;
  WallTime created_at = {};
};

struct Account : NewAccount {
  AccountId id;
  AccountState state = AccountState::Active;
  // Grows when what was proved before must not count any more: a new password, a disabled account.
  std::int64_t epoch = 0;

  bool is_active() const { return state == AccountState::Active; }
};

// Names are lower case, and unique among all three kinds.
//
// Every write here, and in Members, Teams, Grants and Secrets unless they say otherwise, raises
// epoch() and tells listeners (News::people).
class Accounts {
 public:
  virtual ~Accounts() = default;

  virtual Result<Account> find(std::string_view name) const = 0;  // deleted ones, too
  virtual Result<Account> find(AccountId id) const = 0;
  // Those of a kind that are not deleted, by name.
  virtual Result<std::vector<Account>> list(AccountKind kind, std::string_view after,
                                            std::size_t limit) const = 0;
  // Is there a user, active or not? From then on the registry asks who somebody is.
  virtual Result<bool> any() const = 0;
  // Active users that are system admins.
  virtual Result<std::size_t> count_admins() const = 0;
  // Grows with each write, whoever makes it: how other processes learn that what they remember may
  // be old.
  virtual Result<std::int64_t> epoch() const = 0;

  // AlreadyExists when the name is taken, by a deleted account as well.
  virtual Result<Account> create(const NewAccount& account) = 0;
  // Writes state, role, new_visibility and base_role of the account with this id, and raises its
  // epoch when `ends_sessions`.
  virtual Result<void> update(const Account& account, bool ends_sessions) = 0;
};

}  // namespace entrepot::meta
