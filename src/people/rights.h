#pragma once
// people/rights.h — the one function that decides who may do what, and says why.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/policy.h"
#include "meta/store.h"
#include "net/networks.h"

namespace entrepot::people {

struct HeldGrant : meta::Grant {
  net::Networks from;  // `networks`, read
};

// What is known of an account when its rights are asked for. A value; immutable once shared.
struct Standing {
  meta::AccountId id;  // 0: anonymous
  meta::AccountKind kind = meta::AccountKind::User;
  std::string name;
  bool active = true;
  meta::SystemRole role = meta::SystemRole::None;
  std::int64_t epoch = 0;  // meta::Account::epoch
  std::vector<meta::Membership> organisations;
  std::vector<HeldGrant> grants;  // its own, its teams', and those of anonymous
};

// What is known of a repository's name, whether or not it is there.
struct Place {
  meta::RepositoryId id;  // 0: nothing is there
  meta::Visibility visibility = meta::Visibility::Private;
  meta::AccountId owner;  // of its namespace; 0: nobody
};

// "user:alice", "team:acme/dev", "robot:acme/ci", "htpasswd", "anonymous": as people write it.
std::string holder_text(const meta::Grant& grant);

// The account with this id, as it is now; one that is gone, or was never there, is not active, nor
// is a robot whose namespace's account is not.
Result<Standing> find_standing(const meta::Snapshot& snapshot, meta::AccountId id);
Result<Place> find_place(const meta::Snapshot& snapshot, std::string_view repository);

// How much a decision says of itself. A refusal always says whom to ask.
enum class Detail { Brief, WhyAllowed };

// Pure: everything it looks at is an argument. `standing` is of question.subject, and `place` of
// question.repository (any, for the registry as a whole).
//
// Somebody has in a repository the highest of these roles:
//
//   | who                                          | role          | may make it |
//   |----------------------------------------------|---------------|-------------|
//   | system admin                                 | admin         | yes         |
//   | whose name its namespace has                 | admin         | yes         |
//   | owner of the organisation of its namespace   | admin         | yes         |
//   | editor there                                 | maintain      | yes         |
//   | member there, of what is there               | the base role | no          |
//   | holder of a grant that matches               | the grant's   | from write  |
//   | everybody, of what is public                 | read          | no          |
//   | people who signed in, of what is internal    | read          | no          |
//
// A grant matches when it has not expired, the address is in one of its networks (if it names
// any), and its repository is this one, or its pattern matches the name. A push to what is not
// there makes it, and needs that right. Of all that, a credential's bound takes away what it does
// not name. Whoever may do nothing gets a refusal that is the same for what is there and what is
// not.
access::Decision judge(const Standing& standing, const Place& place,
                       const access::Question& question, Detail detail = Detail::Brief);

// The same of what the store says now, with the reason of what is allowed: for people who ask why.
Result<access::Decision> explain(const meta::Snapshot& snapshot, const access::Question& question);

// Where judge() may allow Action::See, as Policy::reach() says it.
access::Reach reach_of(const Standing& standing, const access::Question& question);

// May the account do this wherever it likes, as judge() would say of every name?
bool allows_everywhere(const Standing& standing, const access::Question& question);

}  // namespace entrepot::people
