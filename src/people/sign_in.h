#pragma once
// people/sign_in.h — from credentials to a subject, where there are accounts.

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>

#include "auth/authenticator.h"
#include "auth/witness.h"
#include "base/mutex.h"
#include "crypto/keyed_hash.h"
#include "crypto/password.h"
#include "people/credentials.h"
#include "people/file_users.h"
#include "people/memory.h"
#include "people/throttle.h"
#include "people/tokens.h"
#include "people/uses.h"

namespace entrepot::people {

// Takes Basic credentials (a password, an access token with its owner's name, a robot's secret with
// the robot's name) and registry tokens as Bearer. Where the edge says so (Caller::is_own_secret) a
// session, an access token or a robot's secret by itself. No credentials: anonymous.
//
// What was found out of a credential, also that it is wrong, is remembered for a minute under a
// keyed hash of it. Each use compares the account's epoch and state with what they are now, so that
// a new password, a revoked token or a disabled account counts for the next request; that a
// password is wrong, or a session is there, is remembered until the next change of anything.
// Passwords are proved on the executor, whose few threads bound what hashing costs; all else where
// the request is.
//
// A wrong password and an unknown name cost the same work and get the same answer. Thread-safe.
class SignIn final : public auth::Authenticator {
 public:
  struct Options {
    std::chrono::seconds remembered{60};
    crypto::PasswordCost cost = {};
    FileUsers* file_users = nullptr;   // who is asked about names that no account of ours has
    auth::Witness* witness = nullptr;  // hears of passwords, tokens and robots' secrets
    Uses* uses = nullptr;  // where the use of tokens, robots' secrets, sessions is noted
  };
  // All of it outlives this, the executor's last task included. InvalidArgument for the cost.
  static Result<std::unique_ptr<SignIn>> open(meta::Store& store, Memory& memory,
                                              const Tokens& tokens, Executor& executor,
                                              const Clock& clock, const Options& options);

  std::variant<access::Subject, Error, Ask> recall(const auth::Caller& caller) const override;
  Result<access::Subject> authenticate(Context& context, const auth::Caller& caller) const override;

 private:
  static constexpr std::size_t kMostRemembered = 32'768;

  // Of one credential.
  struct Known {
    access::Subject subject;
    std::int64_t epoch = 0;  // the account's, when it was proved
  };
  struct Remembered {
    std::variant<Known, Error> outcome;
    std::uint64_t epoch;          // Memory::epoch() before it was proved
    bool until_any_news = false;  // it counts while that is the same
    SteadyTime until;
  };
  using Key = crypto::KeyedHash::Value;

  SignIn(meta::Store& store, Memory& memory, const Tokens& tokens, Executor& executor,
         const Clock& clock, const Options& options, std::string decoy);

  Ask ask(std::string_view authorization) const;
  std::optional<std::variant<Known, Error>> find(const Key& key) const;
  void remember(const auth::Caller& caller, std::uint64_t epoch,
                const Result<Known>& outcome) const;

  Result<Known> prove(Context& context, const auth::Caller& caller) const;
  Result<Known> prove_basic(Context& context, const BasicCredentials& given,
                            std::string_view address) const;
  void tell(Context& context, const BasicCredentials& given, std::string_view address,
            const Result<Known>& outcome) const;
  Result<Known> prove_secret(Context& context, const BasicCredentials& given) const;
  Result<Known> prove_own_secret(Context& context, std::string_view secret) const;
  Result<Known> known_of(const Context& context, const meta::Account& account,
                         const meta::Secret& secret) const;
  Result<Known> prove_password(Context& context, const BasicCredentials& given,
                               std::string_view address) const;
  Result<Known> prove_by_file(Context& context, const BasicCredentials& given,
                              std::string_view address) const;
  Result<Known> prove_token(const std::string& token) const;
  void rehash(Context& context, const meta::Secret& kept, std::string_view password) const;

  meta::Store& store_;
  Memory& memory_;
  const Tokens& tokens_;
  Executor& executor_;
  const Clock& clock_;
  const Options options_;
  const std::string decoy_;
  const crypto::KeyedHash key_of_;
  mutable Throttle throttle_;
  mutable Mutex mutex_;
  mutable std::unordered_map<Key, Remembered, crypto::KeyedHash::OfValue> remembered_
      ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::people
