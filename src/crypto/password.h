#pragma once
// crypto/password.h — what is kept of a password, and whether a password is the one that was kept.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace entrepot::crypto {

// How hard a guess is made. The default is OWASP's for Argon2id: about 20 ms of one core.
struct PasswordCost {
  std::uint32_t memory_kib = 19 << 10;
  std::uint32_t passes = 2;
  std::uint32_t lanes = 1;  // each is computed in the caller's thread, one after another

  friend bool operator==(const PasswordCost&, const PasswordCost&) = default;
};

// The most that is spent on one password, also when a hash from a file asks for more: 256 MiB, and
// a few seconds.
constexpr PasswordCost kMaxPasswordCost{256 << 10, 16, 16};
// The same for bcrypt: the most that Apache's htpasswd makes, about 10 seconds.
constexpr unsigned kMaxBcryptCost = 17;

// Longer passwords are refused, so that nobody makes us hash megabytes.
constexpr std::size_t kMaxPasswordBytes = 1024;

// All functions are thread-safe and keep nothing between calls.
//
// hash_password and verify_password block: by default for 20 ms and with 19 MiB of memory, else for
// what the cost says. Call them from few threads, never from an event loop or a worker. What they
// copy of the password, and their memory, is wiped; the caller's own copy is the caller's.
//
// A password is any octets, all of which count: the empty one, and those with NUL, too. (What
// people type may be composed differently by their systems; who cares normalises it before.)

// A new hash with a salt of its own, as text: "$argon2id$v=19$m=19456,t=2,p=1$salt$hash".
// InvalidArgument: the password is too long, or `cost` is not between 8 KiB for each lane, one
// pass, one lane, and kMaxPasswordCost. Unavailable without memory.
Result<std::string> hash_password(std::string_view password, const PasswordCost& cost = {});

// Is `hash` of this password? Reads what hash_password makes, any Argon2id in that form, and bcrypt
// ("$2y$", "$2a$", "$2b$": the lines of htpasswd -B). Takes as long whether it is or not.
//
// bcrypt reads no further than 72 octets or a NUL. A password that it would cut is never compared
// in part: it is a wrong one, after the same work.
//
// InvalidArgument: the password is too long, whatever the hash. Unsupported: another kind of hash,
// or one that costs more than the limits above. Corrupt: no hash at all. Unavailable without
// memory.
Result<bool> verify_password(std::string_view password, std::string_view hash);

// Should the password be hashed anew when it is next known? True for all but an Argon2id hash of
// exactly this cost, with a salt and hash as long as ours; also for what is no hash.
bool wants_rehash(std::string_view hash, const PasswordCost& cost = {});

// A hash of no password, to be verified for a user who is not there: that takes as long as a wrong
// password takes, and is always false. Costs nothing to make; make one and keep it.
// InvalidArgument as for hash_password.
Result<std::string> decoy_hash(const PasswordCost& cost = {});

// The same with scheme and cost of `hash`, where the users' hashes come from a file. Corrupt and
// Unsupported as for verify_password.
Result<std::string> decoy_like(std::string_view hash);

}  // namespace entrepot::crypto
