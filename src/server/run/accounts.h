#pragma once
// server/run/accounts.h — everything that a registry with accounts needs, over opened stores.

#include <memory>

#include "access/switches.h"
#include "people/memory.h"
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
  // metadata alone signs no token.
  static Result<std::unique_ptr<Accounts>> open(Context& context, const Options& options,
                                                OpenedStores& stores);
  ~Accounts();

  people::Memory& memory();
  const people::Tokens& tokens() const;
  const auth::Authenticator& sign_in() const;
  // For who finds that it has to be asked: on the threads of sign_in().
  auth::Authenticator::Ask ask() const;
  const access::Policy& policy() const;

 private:
  struct Parts;
  explicit Accounts(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

// While there is no account, and `wanted` or a password of the options: makes the user admin, with
// that password or, without one, none; then nobody gets in until it has one, and the log says how
// to give it one. Also warns of a password in the options that is not the admin's any more.
Result<void> make_first_admin(Context& context, const Options& options, OpenedStores& stores,
                              bool wanted);

}  // namespace entrepot::server
