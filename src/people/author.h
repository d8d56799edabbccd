#pragma once
// people/author.h — who does something to accounts and rights, and may they?

#include <optional>
#include <string>
#include <string_view>

#include "access/pattern.h"
#include "access/subject.h"
#include "base/clock.h"
#include "events/event.h"
#include "meta/store.h"
#include "people/powers.h"

namespace entrepot::people {

// Every use case of People, and every look of Roster, takes its author, and asks it on the very
// snapshot that it works with: what was checked is what is used, and nobody can forget to ask. A
// value; borrows nothing.
//
// The questions fail with Denied (and whom to ask), NotFound for what its author may not know of,
// or Unauthenticated for who has not signed in, or whose account is disabled meanwhile.
class Author {
 public:
  // Whoever runs the machine (commands with --data), and the program itself: may everything.
  static Author machine(events::Actor actor) { return Author(std::move(actor)); }

  // Somebody who sent a request: may what their account may then. A credential that is bound to
  // some repositories or actions is good for those alone, and for nothing here. `in_person`: by
  // password or session; only so are access tokens made, and nothing that a token makes outlives
  // it.
  struct Request {
    access::Subject subject;
    std::string address;  // the client's
    bool in_person = false;
  };
  static Author request(Request request, events::Actor actor) {
    return Author(std::move(actor), std::move(request));
  }

  const events::Actor& actor() const { return actor_; }  // as the journal has it
  meta::AccountId account() const;                       // 0 for the machine
  std::string_view address() const { return request_ ? std::string_view(request_->address) : ""; }
  bool is_machine() const { return !request_; }

  Result<void> may(const meta::Snapshot& snapshot, Deed deed, const Target& target) const;
  // To a repository, as people::judge() has it. While there are no accounts everybody may.
  Result<void> may(const meta::Snapshot& snapshot, access::Action action,
                   std::string_view repository, WallTime now) const;
  Result<void> may_grant(const meta::Snapshot& snapshot, const access::Pattern& pattern,
                         meta::HolderKind to, const std::optional<WallTime>& until) const;
  Result<void> may_revoke(const meta::Snapshot& snapshot, const meta::Grant& grant,
                          WallTime now) const;

  // May a secret be made that ends then?
  Result<void> may_make_secret(const std::optional<WallTime>& ends) const;
  Result<void> is_here_in_person() const;

  // By what people type. NotFound, in the same words, also for an account of another kind and for
  // one that its author may not know of; for the machine as find_account() has it.
  Result<meta::Account> find(const meta::Snapshot& snapshot, std::string_view name,
                             meta::AccountKind kind) const;
  // Of any kind.
  Result<meta::Account> find(const meta::Snapshot& snapshot, std::string_view name) const;

 private:
  explicit Author(events::Actor actor, std::optional<Request> request = std::nullopt)
      : actor_(std::move(actor)), request_(std::move(request)) {}
  // Of who is bound to nothing.
  Result<Standing> standing(const meta::Snapshot& snapshot) const;
  Result<meta::Account> find_known(const meta::Snapshot& snapshot, std::string_view name) const;

  events::Actor actor_;
  std::optional<Request> request_;  // nothing: the machine
};

// A question that was answered, with yes or no; else its error.
Result<bool> is_allowed(const Result<void>& answer);

Target target_of(const meta::Account& account);
// Whose namespace that is: the account of that name; without one, or for "system", nobody's.
Result<Target> find_owner(const meta::Snapshot& snapshot, std::string_view name_space);
// Of a robot.
Target owner_of(const meta::Account& robot);

}  // namespace entrepot::people
