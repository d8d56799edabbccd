// Those of People by which somebody sets a password that nobody else learns.

#include "crypto/secret.h"
#include "people/event_detail.h"
#include "people/find.h"
#include "people/kept_secret.h"
#include "people/names.h"
#include "people/people.h"

namespace entrepot::people {
namespace {

using events::EventKind;
using meta::Account;
using meta::AccountKind;
using meta::SecretKind;
using meta::Transaction;

Failure no_such_invitation() {
  return fail(ErrorCode::NotFound,
              "this invitation was used, or has ended: ask whoever sent it for another");
}

bool counts(const OwnedSecret& found, WallTime now) {
  return found.secret.kind == SecretKind::Invitation &&
         found.account.state == meta::AccountState::Active && found.secret.expires_at &&
         *found.secret.expires_at > now;
}

}  // namespace

Result<MadeSecret> People::invite(Context& context, By by, std::string_view user) {
  const std::string text = crypto::make_secret("inv");
  const WallTime now = clock_.wall();
  return store_.transact<MadeSecret>(context, [&](Transaction& tx) -> Result<MadeSecret> {
    TRY_ASSIGN(const Account account, by.find(tx, user, AccountKind::User));
    TRY(by.may(tx, Deed::SetPassword, target_of(account)));
    if (!by.is_machine() && by.account() == account.id) {
      return fail(ErrorCode::Conflict,
                  "nobody invites themselves: set another password with the old one");
    }
    if (account.provider != meta::Provider::Local) {
      return fail(ErrorCode::InvalidArgument, "the password of {} is in the htpasswd file",
                  account.name);
    }
    TRY(by.may_make_secret(now + kInvitationLasts));
    TRY(tx.secrets().remove_all(account.id, SecretKind::Invitation));
    meta::NewSecret secret;
    secret.account = account.id;
    secret.kind = SecretKind::Invitation;
    secret.fingerprint = crypto::fingerprint_of(text);
    secret.created_at = now;
    secret.expires_at = now + kInvitationLasts;
    TRY_ASSIGN(auto kept, tx.secrets().add(secret));
    TRY(tell(tx, by, EventKind::SecretCreated,
             detail_of(Text("account", account.name), Text("kind", "invitation"),
                       Number("id", kept.id))));
    return MadeSecret{std::move(kept), text};
  });
}

Result<Account> People::find_invited(Context& context, std::string_view secret) {
  TRY_ASSIGN(const auto found, find_secret(context, store_, secret));
  if (!found || !counts(*found, clock_.wall())) return no_such_invitation();
  return found->account;
}

Result<Account> People::accept_invitation(Context& context, std::string_view secret,
                                          std::string_view password, std::string_view address) {
  // A password is hashed only for who has an invitation.
  TRY_ASSIGN(const Account invited, find_invited(context, secret));
  TRY(check_password(password, invited.name));
  TRY_ASSIGN(const std::string hash, crypto::hash_password(password, cost_));
  const Author by = Author::request(
      {.subject = subject_of(invited), .address = std::string(address), .in_person = true},
      {events::ActorKind::User, invited.name});
  return store_.transact<Account>(context, [&](Transaction& tx) -> Result<Account> {
    TRY_ASSIGN(auto kept, if_there(tx.secrets().find(crypto::fingerprint_of(secret))));
    if (!kept) return no_such_invitation();
    TRY_ASSIGN(Account account, tx.accounts().find(kept->account));
    if (!counts({account, *kept}, clock_.wall())) return no_such_invitation();
    TRY(put_password(tx, by, account, hash));
    return account;
  });
}

}  // namespace entrepot::people
