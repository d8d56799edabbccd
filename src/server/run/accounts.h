#pragma once
// server/run/accounts.h — everything that a registry with accounts needs, over opened stores.

#include <memory>

#include "access/switches.h"
#include "audit/sign_ins.h"
#include "people/memory.h"
#include "people/refresh_tokens.h"
#include "people/rights_policy.h"
#include "people/sign_in.h"
#include "people/tokens.h"
#include "server/options/options.h"
#include "server/run/opened_stores.h"

namespace entrepot::server {

// What is switched off for everybody.
access::Switches switches_of(const Options& options);

// Made whether or not there are accounts: the first one may come at any time. Owns the few threads
// on which passwords are hashed.
class Accounts {
 public:
  // Reads or makes DIR/entrepot/key, which seals the secrets in the metadata, so that a copy of the
  // metadata alone signs no token. With auth.htpasswd, reads that file: its errors.
  static Result<std::unique_ptr<Accounts>> open(Context& context, const Options& options,
                                                OpenedStores& stores);
  ~Accounts();

  // Once there is an account, notes beside the metadata that the registry is closed, so that older
  // metadata without accounts, restored, does not open it (make_first_admin). Cheap from the second
  // call on. One thread at a time.
  Result<void> keep_closed(Context& context);

  // Reads auth.htpasswd again, if it has changed. One thread at a time.
  void look_at_file(Context& context);

  // Looks for a new signing key, and makes one when it is time (people::SigningKeys).
  void look_at_keys(Context& context);

  // Writes when secrets were used last (people::Uses), if the last time is a while ago, or at once.
  // One thread at a time.
  void write_uses(Context& context, bool at_once = false);

  people::Memory& memory();
  Executor& hashing();  // where passwords are hashed; for what is asked by name and password alone
  const people::Tokens& tokens() const;
  people::RefreshTokens& refresh_tokens();
  audit::SignIns& sign_ins();
  const auth::Authenticator& sign_in() const;
  const access::Policy& policy() const;

 private:
  struct Parts;
  explicit Accounts(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

// While there is no account, and `wanted`, a password of the options, or a note that there were
// accounts: makes the user admin, with that password or, without one, none; then nobody gets in
// until it has one, and the log says how to give it one. Also warns of a password in the options
// that is not the admin's any more. InvalidArgument for one that cannot be a password.
Result<void> make_first_admin(Context& context, const Options& options, OpenedStores& stores,
                              bool wanted);

}  // namespace entrepot::server
