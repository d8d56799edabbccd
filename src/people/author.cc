#include "people/author.h"

#include "people/find.h"
#include "people/names.h"
#include "people/roles.h"

namespace entrepot::people {
namespace {

// The part in front of the first slash; "" where there is none.
std::string_view name_space_of(std::string_view name) {
  const std::size_t slash = name.find('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

Result<Ground> find_ground(const meta::Snapshot& snapshot, std::string_view pattern,
                           bool is_literal, std::string_view name_space) {
  Ground ground{.pattern = std::string(pattern), .owner = {}, .place = {}};
  if (!name_space.empty()) {
    TRY_ASSIGN(ground.owner, find_owner(snapshot, name_space));
  }
  if (is_literal) {
    TRY_ASSIGN(ground.place, find_place(snapshot, pattern));
  }
  return ground;
}

Failure nobody_called(std::string_view name) {
  return fail(ErrorCode::NotFound, "there is no {}, or not for you to see", lower_case(name));
}

}  // namespace

Result<bool> is_allowed(const Result<void>& answer) {
  if (answer) return true;
  const ErrorCode code = answer.error().code;
  if (code == ErrorCode::Denied || code == ErrorCode::NotFound) return false;
  return Failure(answer.error());
}

Target target_of(const meta::Account& account) { return {account.id, account.name}; }

Target owner_of(const meta::Account& robot) {
  return {robot.owner, std::string(name_space_of(robot.name))};
}

Result<Target> find_owner(const meta::Snapshot& snapshot, std::string_view name_space) {
  Target owner{.id = {}, .name = lower_case(name_space)};
  if (owner.name == kSystemNamespace) return owner;
  TRY_ASSIGN(const auto account, if_there(snapshot.accounts().find(owner.name)));
  const bool owns = account && account->is_active() && account->kind != meta::AccountKind::Robot;
  if (owns) owner.id = account->id;
  return owner;
}

meta::AccountId Author::account() const {
  return request_ ? meta::AccountId{request_->subject.id()} : meta::AccountId{};
}

Result<Standing> Author::standing(const meta::Snapshot& snapshot) const {
  if (!request_->subject.is_unbound()) {
    return fail(ErrorCode::Denied,
                "what {} signed in with is for some repositories or actions alone: accounts and "
                "rights need the password, or a token for everything",
                request_->subject.name());
  }
  return find_standing(snapshot, account());
}

Result<void> Author::may(const meta::Snapshot& snapshot, Deed deed, const Target& target) const {
  if (is_machine()) return {};
  TRY_ASSIGN(const Standing caller, standing(snapshot));
  return to_result(people::may(caller, deed, target));
}

Result<void> Author::may(const meta::Snapshot& snapshot, access::Action action,
                         std::string_view repository, WallTime now) const {
  if (is_machine()) return {};
  TRY_ASSIGN(const bool any, snapshot.accounts().any());
  if (!any) return {};
  TRY_ASSIGN(const Standing caller, find_standing(snapshot, account()));
  TRY_ASSIGN(const Place place, find_place(snapshot, repository));
  return to_result(judge(caller, place,
                         {.subject = request_->subject,
                          .action = action,
                          .repository = repository,
                          .address = request_->address,
                          .at = now}));
}

Result<void> Author::may_grant(const meta::Snapshot& snapshot, const access::Pattern& pattern,
                               meta::HolderKind to, const std::optional<WallTime>& until) const {
  if (is_machine()) return {};
  TRY_ASSIGN(const Standing caller, standing(snapshot));
  TRY_ASSIGN(const Ground ground,
             find_ground(snapshot, pattern.str(), pattern.is_literal(), pattern.name_space()));
  return to_result(people::may_grant(caller, ground, to, until));
}

Result<void> Author::may_revoke(const meta::Snapshot& snapshot, const meta::Grant& grant,
                                WallTime now) const {
  if (is_machine()) return {};
  TRY_ASSIGN(const Standing caller, standing(snapshot));
  TRY_ASSIGN(const auto pattern, access::Pattern::parse(grant.pattern));
  TRY_ASSIGN(const Ground ground,
             find_ground(snapshot, pattern.str(), pattern.is_literal(), pattern.name_space()));
  const auto decision = people::may_revoke(caller, ground, now);
  if (decision.verdict == access::Decision::Verdict::Absent) {
    return fail(ErrorCode::NotFound, "no grant {}", grant.id);
  }
  return to_result(decision);
}

Result<void> Author::is_here_in_person() const {
  if (is_machine() || request_->in_person) return {};
  return fail(ErrorCode::Denied, "no token makes tokens: sign in with the password");
}

Result<void> Author::may_make_secret(const std::optional<WallTime>& ends) const {
  if (is_machine() || request_->in_person) return {};
  const access::Bound* const own = request_->subject.bound();
  if (own == nullptr || !own->expires_at || (ends && *ends <= *own->expires_at)) return {};
  return fail(ErrorCode::Denied, "what a token makes ends no later than the token itself, on {}",
              to_rfc3339(*own->expires_at).substr(0, 10));
}

Result<meta::Account> Author::find_known(const meta::Snapshot& snapshot,
                                         std::string_view name) const {
  TRY_ASSIGN(const Standing caller, standing(snapshot));
  TRY_ASSIGN(auto account, if_there(find_account(snapshot, name)));
  if (!account) {
    TRY(to_result(people::may(caller, Deed::Find, {.id = {}, .name = lower_case(name)})));
    return nobody_called(name);
  }
  const bool robot = account->kind == meta::AccountKind::Robot;
  const auto decision = robot ? people::may(caller, Deed::ReadRobots, owner_of(*account))
                              : people::may(caller, Deed::Find, target_of(*account));
  if (decision.verdict == access::Decision::Verdict::Absent) return nobody_called(name);
  TRY(to_result(decision));
  return *std::move(account);
}

Result<meta::Account> Author::find(const meta::Snapshot& snapshot, std::string_view name,
                                   meta::AccountKind kind) const {
  if (is_machine()) return find_account(snapshot, name, kind);
  TRY_ASSIGN(auto account, find_known(snapshot, name));
  if (account.kind != kind) return nobody_called(name);
  return account;
}

Result<meta::Account> Author::find(const meta::Snapshot& snapshot, std::string_view name) const {
  return is_machine() ? find_account(snapshot, name) : find_known(snapshot, name);
}

}  // namespace entrepot::people
