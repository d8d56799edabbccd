#include "server/run/door.h"

namespace entrepot::server {
namespace {

using access::Decision;
using access::Question;
using access::Subject;

Error for_operators(bool anonymous) {
  return {anonymous ? ErrorCode::Unauthenticated : ErrorCode::Denied,
          "only system admins and auditors see this"};
}

bool operates(const people::Standing& standing) {
  return standing.active && standing.role != meta::SystemRole::None;
}

}  // namespace

bool Door::is_closed() const {
  Accounts* const accounts = accounts_;
  return accounts != nullptr && accounts->memory().recall_any().value_or(true);
}

// Whether there is an account may have to be read again: a look at the store, not more.
std::variant<Subject, Error, auth::Authenticator::Ask> Door::recall(
    const auth::Caller& caller) const {
  Accounts* const accounts = accounts_;
  if (accounts == nullptr) return open_.recall(caller);
  const auto any = accounts->memory().recall_any();
  if (any && !*any) return open_.recall(caller);
  auto known = accounts->sign_in().recall(caller);
  if (any || std::holds_alternative<Ask>(known)) return known;
  return Ask{nullptr};
}

Result<Subject> Door::authenticate(Context& context, const auth::Caller& caller) const {
  Accounts* const accounts = accounts_;
  if (accounts == nullptr) return open_.authenticate(context, caller);
  TRY_ASSIGN(const bool any, accounts->memory().find_any(context));
  return any ? accounts->sign_in().authenticate(context, caller)
             : open_.authenticate(context, caller);
}

std::optional<Decision> DoorPolicy::recall(const Question& question) const {
  const auto any = accounts_.memory().recall_any();
  if (!any) return std::nullopt;
  return *any ? accounts_.policy().recall(question) : open_.recall(question);
}

Result<Decision> DoorPolicy::decide(Context& context, const Question& question) const {
  TRY_ASSIGN(const bool any, accounts_.memory().find_any(context));
  return any ? accounts_.policy().decide(context, question) : open_.decide(context, question);
}

Result<std::vector<bool>> DoorPolicy::allowed_among(
    Context& context, const Question& question,
    std::span<const oci::RepositoryName> repositories) const {
  TRY_ASSIGN(const bool any, accounts_.memory().find_any(context));
  return any ? accounts_.policy().allowed_among(context, question, repositories)
             : open_.allowed_among(context, question, repositories);
}

bool DoorPolicy::allows_everywhere(const Question& question) const {
  const auto any = accounts_.memory().recall_any();
  return any && (*any ? accounts_.policy().allows_everywhere(question)
                      : open_.allows_everywhere(question));
}

Result<access::Reach> DoorPolicy::reach(Context& context, const Question& question) const {
  TRY_ASSIGN(const bool any, accounts_.memory().find_any(context));
  return any ? accounts_.policy().reach(context, question) : open_.reach(context, question);
}

std::variant<Subject, Error, auth::Authenticator::Ask> OperatorsDoor::recall(
    const auth::Caller& caller) const {
  auto known = door_.recall(caller);
  const auto* subject = std::get_if<Subject>(&known);
  Accounts* const accounts = accounts_;
  if (subject == nullptr || accounts == nullptr) return known;
  const auto any = accounts->memory().recall_any();
  if (!any) return Ask{nullptr};
  if (!*any) return known;
  const auto standing = accounts->memory().recall_standing(meta::AccountId{subject->id()});
  if (!standing) return Ask{nullptr};
  if (operates(*standing) && subject->is_unbound()) return known;
  return for_operators(subject->kind() == access::SubjectKind::Anonymous);
}

Result<Subject> OperatorsDoor::authenticate(Context& context, const auth::Caller& caller) const {
  TRY_ASSIGN(auto subject, door_.authenticate(context, caller));
  Accounts* const accounts = accounts_;
  if (accounts == nullptr) return subject;
  TRY_ASSIGN(const bool any, accounts->memory().find_any(context));
  if (!any) return subject;
  TRY_ASSIGN(const auto standing,
             accounts->memory().find_standing(context, meta::AccountId{subject.id()}));
  if (operates(*standing) && subject.is_unbound()) return subject;
  return Failure(for_operators(subject.kind() == access::SubjectKind::Anonymous));
}

}  // namespace entrepot::server
