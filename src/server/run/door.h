#pragma once
// server/run/door.h — who gets in, with accounts and without: accounts win.

#include <atomic>

#include "access/open_policy.h"
#include "auth/open_mode.h"
#include "server/run/accounts.h"

namespace entrepot::server {

// As long as there is no account: open mode. From the first one on: sign-in, whatever opened the
// server before. Before the stores are open, when nobody is served yet, open mode. Thread-safe.
class Door final : public auth::Authenticator {
 public:
  explicit Door(auth::OpenMode::Options options) : open_(std::move(options)) {}

  // Once, when the stores are open. `accounts` outlives the last request.
  void know(Accounts& accounts) { accounts_ = &accounts; }

  std::variant<access::Subject, Error, Ask> recall(const auth::Caller& caller) const override;
  Result<access::Subject> authenticate(Context& context, const auth::Caller& caller) const override;

  // Does somebody have an account? True as long as that cannot be told, false before the stores are
  // open.
  bool is_closed() const;

 private:
  const auth::OpenMode open_;
  std::atomic<Accounts*> accounts_ = nullptr;
};

// The same for what may be done. Thread-safe.
class DoorPolicy final : public access::Policy {
 public:
  DoorPolicy(Accounts& accounts, access::Switches switches)
      : accounts_(accounts), open_(switches) {}

  std::optional<access::Decision> recall(const access::Question& question) const override;
  Result<access::Decision> decide(Context& context,
                                  const access::Question& question) const override;
  Result<std::vector<bool>> allowed_among(
      Context& context, const access::Question& question,
      std::span<const oci::RepositoryName> repositories) const override;
  bool allows_everywhere(const access::Question& question) const override;
  Result<access::Reach> reach(Context& context, const access::Question& question) const override;

 private:
  Accounts& accounts_;
  const access::OpenPolicy open_;
};

// For what only those who run the server may see: with accounts, system admins and auditors;
// without, whom the door lets in. Thread-safe.
class OperatorsDoor final : public auth::Authenticator {
 public:
  explicit OperatorsDoor(const Door& door) : door_(door) {}
  void know(Accounts& accounts) { accounts_ = &accounts; }

  std::variant<access::Subject, Error, Ask> recall(const auth::Caller& caller) const override;
  Result<access::Subject> authenticate(Context& context, const auth::Caller& caller) const override;

 private:
  const Door& door_;
  std::atomic<Accounts*> accounts_ = nullptr;
};

}  // namespace entrepot::server
