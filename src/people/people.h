#pragma once
// people/people.h — accounts, organisations, robots, secrets and rights: what commands and the API
// share.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/pattern.h"
#include "crypto/password.h"
#include "events/event.h"
#include "meta/store.h"
#include "people/author.h"
#include "people/bounds.h"

namespace entrepot::people {

struct NewUser {
  std::string name;
  std::optional<std::string> password = {};  // none: nobody signs in before an invitation is used
  bool admin = false;
};

struct NewOrganisation {
  std::string name;
  // Take over what lies below the name already; without it such a name is taken.
  bool claim = false;
  meta::Visibility new_visibility = meta::Visibility::Private;
  meta::RepositoryRole base_role = meta::RepositoryRole::Read;
};

// What becomes of an account, or of an organisation; nothing stays as it is.
struct AccountChange {
  std::optional<bool> enabled = {};
  std::optional<meta::SystemRole> role = {};  // of users
};
struct OrganisationChange {
  std::optional<meta::Visibility> new_visibility = {};
  std::optional<meta::RepositoryRole> base_role = {};
};

// To whom something is granted, as people write it: "user:alice", "team:acme/dev", "robot:acme/ci",
// "htpasswd" (everybody in the file), "anonymous".
struct Holder {
  meta::HolderKind kind;
  std::int64_t id;  // 0 for anonymous
};

struct GrantWish {
  std::string to;  // see Holder
  meta::RepositoryRole role = meta::RepositoryRole::Read;
  std::string pattern;
  std::optional<WallTime> expires_at = {};
  std::vector<std::string> networks = {};
};

// What was made up for a robot or token: told once, kept as a hash.
struct MadeSecret {
  meta::Secret secret;
  std::string text;
};

// The use cases. Each is one transaction with its entries in the journal, made durable before it
// returns, and counts for the next request. That `by` may do it is found out in that transaction
// (people/powers.h). Thread-safe; blocks, and where a password is hashed for tens of milliseconds
// more.
//
// Errors: InvalidArgument for a name, password or pattern that cannot be; AlreadyExists; NotFound;
// Denied for a reserved name, and what else Author fails with; Conflict for what must stay (the
// last admin, the last owner); QuotaExceeded past kMostTokens and kMostRobots.
class People {
 public:
  static constexpr std::size_t kMostTokens = 200;   // of a user
  static constexpr std::size_t kMostRobots = 1000;  // of a namespace

  People(meta::Store& store, const Clock& clock, const crypto::PasswordCost& cost = {})
      : store_(store), clock_(clock), cost_(cost) {}

  using By = const Author&;

  Result<meta::Account> create_user(Context& context, By by, const NewUser& wished);
  // The user admin, a system admin, where there is no account at all: of several who try, one makes
  // it, and the others succeed without. Without a password nobody can sign in as it yet.
  Result<void> create_first_admin(Context& context, By by, const std::string& password);
  // Ends what was signed in with the old one. Unauthenticated when the account's epoch is not
  // `epoch` any more, at which the old password was proved.
  Result<void> set_password(Context& context, By by, std::string_view user,
                            std::string_view password, std::optional<std::int64_t> epoch = {});
  // Disabled: nothing of it counts, at once; its repositories stay.
  Result<meta::Account> change_user(Context& context, By by, std::string_view user,
                                    const AccountChange& change);
  Result<void> set_enabled(Context& context, By by, std::string_view name, bool enabled);
  Result<void> set_role(Context& context, By by, std::string_view user, meta::SystemRole role);
  // Its secrets, teams, memberships and grants go; its name stays taken. Conflict while
  // repositories lie below its name. Of `kind`, if that is said.
  Result<void> remove(Context& context, By by, std::string_view name,
                      std::optional<meta::AccountKind> kind = {});

  Result<meta::Account> create_organisation(Context& context, By by, const NewOrganisation& wished);
  Result<meta::Account> change_organisation(Context& context, By by, std::string_view organisation,
                                            const OrganisationChange& change);
  Result<void> set_member(Context& context, By by, std::string_view organisation,
                          std::string_view user, meta::MemberRole role);
  Result<void> remove_member(Context& context, By by, std::string_view organisation,
                             std::string_view user);
  Result<meta::Team> create_team(Context& context, By by, std::string_view organisation,
                                 std::string_view team);
  Result<void> remove_team(Context& context, By by, std::string_view organisation,
                           std::string_view team);
  Result<void> add_to_team(Context& context, By by, std::string_view organisation,
                           std::string_view team, std::string_view user);
  Result<void> drop_from_team(Context& context, By by, std::string_view organisation,
                              std::string_view team, std::string_view user);

  Result<meta::Grant> grant(Context& context, By by, const GrantWish& wish);
  Result<void> revoke_grant(Context& context, By by, std::int64_t id);

  // A robot with its secret and, in the same step, its grants, whose `to` is not looked at.
  struct NewRobot {
    std::string name;  // "acme/ci", "system/backup"
    std::vector<GrantWish> grants;
    std::optional<WallTime> expires_at;
  };
  Result<MadeSecret> create_robot(Context& context, By by, const NewRobot& wished);

  struct NewToken {
    std::string user;
    std::string name;
    std::optional<access::Bound> bound;  // nothing: whatever the user may do
    std::optional<WallTime> expires_at;
  };
  Result<MadeSecret> create_token(Context& context, By by, const NewToken& wished);
  // A link's secret, by which somebody sets the password of this user, once: for a new account, or
  // for a password that was forgotten. It ends after kInvitationLasts, and when the next one is
  // made; the old password counts until it is used. Conflict for oneself, who has to know one's own
  // password to set another.
  static constexpr std::chrono::hours kInvitationLasts{24 * 7};
  Result<MadeSecret> invite(Context& context, By by, std::string_view user);
  // Whose it is. NotFound for what is no invitation, has ended or was used, and while the account
  // is disabled.
  Result<meta::Account> find_invited(Context& context, std::string_view secret);
  // Sets the password as set_password() does; the journal has it as done by the user, from
  // `address`. Of two who use the same one, one does.
  Result<meta::Account> accept_invitation(Context& context, std::string_view secret,
                                          std::string_view password, std::string_view address);

  // Counts for the next request, and for the registry tokens that were made with it. Who signed in
  // otherwise goes on.
  Result<void> revoke_secret(Context& context, By by, std::int64_t id);
  // The same, only if it is of this user and one of these kinds; else NotFound.
  Result<void> revoke_secret_of(Context& context, By by, std::int64_t id, std::string_view user,
                                std::span<const meta::SecretKind> kinds);

  // Makes it where it is not there.
  Result<meta::Repository> create_repository(Context& context, By by,
                                             const oci::RepositoryName& name,
                                             meta::Visibility visibility);
  Result<void> set_visibility(Context& context, By by, const oci::RepositoryName& name,
                              meta::Visibility visibility);
  // Of an archived repository nothing is pushed, moved, deleted or described; pulls go on.
  Result<void> set_archived(Context& context, By by, const oci::RepositoryName& name,
                            bool archived);

 private:
  template <class Run>
  Result<void> change(Context& context, const Run& run);
  // Before a password is hashed for nothing; the transaction asks again.
  Result<void> ask_before(Context& context, By by, Deed deed, std::string_view user = {});
  Result<meta::Account> change_account(meta::Transaction& tx, By by, meta::Account account,
                                       const AccountChange& change) const;
  Result<void> drop_secret(meta::Transaction& tx, By by, const meta::Secret& secret) const;
  Result<void> put_password(meta::Transaction& tx, By by, const meta::Account& account,
                            const std::string& hash) const;
  // With the hash of its password; "" for none.
  Result<meta::Account> add_user(meta::Transaction& tx, By by, const NewUser& wished,
                                 const std::string& hash) const;
  Result<void> tell(meta::Transaction& tx, By by, events::EventKind kind, std::string detail,
                    const std::optional<oci::RepositoryName>& repository = {}) const;
  // Of an organisation, in one step: `run(tx, organisation, member)`, after which it has an owner
  // left, and `role` for the journal.
  template <class Run>
  Result<void> change_member(Context& context, By by, std::string_view organisation,
                             std::string_view user, std::string_view role, const Run& run);
  Result<meta::Grant> add_grant(meta::Transaction& tx, By by, const Holder& holder,
                                const GrantWish& wish) const;

  meta::Store& store_;
  const Clock& clock_;
  const crypto::PasswordCost cost_;
};

// Of `to` in a GrantWish, of those whom `by` may know of. InvalidArgument, NotFound.
Result<Holder> find_holder(const meta::Snapshot& snapshot, const Author& by, std::string_view to);

}  // namespace entrepot::people
