#pragma once
// meta/grants.h — who was given what.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "meta/accounts.h"
#include "meta/rows.h"

namespace entrepot::meta {

// Stored as numbers: never renumber, only append.
enum class HolderKind : int { Account = 1, Team = 2, Anonymous = 3, Provider = 4 };

struct NewGrant {
  HolderKind holder_kind = HolderKind::Account;
  std::int64_t holder = 0;  // an AccountId, a team's id, a Provider; 0 for anonymous
  RepositoryRole role = RepositoryRole::Read;
  // A repository's name, or a pattern (access/pattern.h).
  std::string pattern;
  // Of a name of what exists: that repository, whatever it is called later. 0: by the pattern.
  RepositoryId repository = {};
  std::optional<WallTime> expires_at = {};
  std::vector<std::string> networks = {};  // "10.0.0.0/8": where it counts; empty: everywhere
  std::string made_by;
  WallTime made_at = {};
};

struct Grant : NewGrant {
  std::int64_t id = 0;      // never given twice
  std::string holder_name;  // "alice", "acme/ci", "acme/developers", "htpasswd"; "" for anonymous
};

class Grants {
 public:
  virtual ~Grants() = default;
  virtual Result<Grant> find(std::int64_t id) const = 0;
  // Its own, its teams', and its provider's; for 0 those of anonymous.
  virtual Result<std::vector<Grant>> held_by(AccountId account) const = 0;
  // Oldest first, from behind the one with the id `after`.
  virtual Result<std::vector<Grant>> list(std::int64_t after, std::size_t limit) const = 0;
  // The same of those whose pattern begins with this namespace and a slash.
  virtual Result<std::vector<Grant>> list_below(std::string_view name_space, std::int64_t after,
                                                std::size_t limit) const = 0;
  // The same of those that are bound to a repository, and of those by pattern that may match its
  // name: more than do, for `*` stands for any text here, slashes as well.
  virtual Result<std::vector<Grant>> list_about(const Repository& repository, std::int64_t after,
                                                std::size_t limit) const = 0;
  virtual Result<Grant> create(const NewGrant& grant) = 0;
  virtual Result<void> remove(std::int64_t id) = 0;  // NotFound
  // All that an account holds.
  virtual Result<void> remove_of(AccountId account) = 0;
};

}  // namespace entrepot::meta
