#pragma once
// meta/secrets.h — what accounts prove themselves with, so far as it is kept.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "meta/accounts.h"

namespace entrepot::meta {

// Stored as numbers: never renumber, only append.
enum class SecretKind : int {
  Password = 1,
  AccessToken = 2,
  RobotSecret = 3,
  RefreshToken = 4,  // what a client keeps in place of the password that was proved to it
  Session = 5,       // the same, of a browser
  Invitation = 6,    // by which somebody sets the account's password, once
};

struct NewSecret {
  AccountId account;
  SecretKind kind = SecretKind::Password;
  std::string name;  // as its owner calls it
  // What cannot be guessed is found by its hash; empty for passwords, which are not.
  Bytes fingerprint;
  std::string password_hash;  // of passwords
  std::string bound;          // JSON, as `people` writes it; "" for all that the account may do
  std::int64_t epoch = 0;  // of refresh tokens and sessions: Account::epoch, while which they count
  WallTime created_at = {};
  std::optional<WallTime> expires_at = {};
};

struct Secret : NewSecret {
  std::int64_t id = 0;                   // never given twice
  std::optional<WallTime> used_at = {};  // last, so far as it was noted
  std::string used_from = {};            // the address
};

// That a secret was used.
struct SecretUse {
  std::int64_t id = 0;
  WallTime at = {};
  std::string from;
};

class Secrets {
 public:
  virtual ~Secrets() = default;
  virtual Result<Secret> find(ByteView fingerprint) const = 0;  // expired ones, too
  virtual Result<Secret> find(std::int64_t id) const = 0;
  // The password of an account.
  virtual Result<Secret> password_of(AccountId account) const = 0;
  // Those of an account from behind the one with the id `after`, passwords as well.
  virtual Result<std::vector<Secret>> list(AccountId account, std::int64_t after,
                                           std::size_t limit) const = 0;

  // Of refresh tokens and sessions nobody is told: they change no rights, and come with every
  // sign-in.
  virtual Result<Secret> add(const NewSecret& secret) = 0;
  // The same password, hashed at another price. Nobody is told.
  virtual Result<void> set_hash(std::int64_t id, std::string_view password_hash) = 0;
  // It was used, and ends later for that. Nobody is told.
  virtual Result<void> set_expiry(std::int64_t id, WallTime expires_at) = 0;
  // When they were used last; a secret that is gone is passed over. Nobody is told.
  virtual Result<void> note_uses(std::span<const SecretUse> uses) = 0;
  // Refresh tokens and sessions of the account's epoch `from` count while it is `to`. Nobody is
  // told.
  virtual Result<void> carry_over(AccountId account, std::int64_t from, std::int64_t to) = 0;
  virtual Result<void> remove(std::int64_t id) = 0;  // NotFound
  virtual Result<void> remove_all(AccountId account, SecretKind kind) = 0;
  // Leaves the `most` of that kind that end last. Nobody is told.
  virtual Result<void> trim(AccountId account, SecretKind kind, std::size_t most) = 0;
  // Those that ended before then, at most `limit` of them: how many went. Nobody is told.
  virtual Result<std::size_t> purge(WallTime ended_before, std::size_t limit) = 0;
};

}  // namespace entrepot::meta
