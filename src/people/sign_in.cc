#include "people/sign_in.h"

#include <algorithm>

#include "base/log.h"
#include "crypto/secret.h"
#include "people/find.h"
#include "people/kept_secret.h"
#include "people/names.h"

namespace entrepot::people {
namespace {

using access::Subject;
using access::SubjectKind;

// Whoever it was: what is wrong is not told apart.
Error wrong_password() { return {ErrorCode::Unauthenticated, "wrong user name or password"}; }

// What counts by itself where the edge says so would be found among what is remembered.
bool lacks_scheme(const auth::Caller& caller) {
  return !caller.is_own_secret && crypto::parse_secret(*caller.authorization).has_value();
}

// A secret that is right and does not count any more is told why.
Result<void> check_alive(const meta::Account& account, const meta::Secret& secret, WallTime now) {
  if (!account.is_active()) {
    return fail(ErrorCode::Unauthenticated, "the account {} is disabled", account.name);
  }
  if (secret.expires_at && *secret.expires_at <= now) {
    return fail(ErrorCode::Unauthenticated, "this token expired on {}",
                to_rfc3339(*secret.expires_at).substr(0, 10));
  }
  return {};
}

Result<std::shared_ptr<const access::Bound>> bound_of(const meta::Secret& secret) {
  if (secret.bound.empty() && !secret.expires_at) return nullptr;
  access::Bound bound;
  if (!secret.bound.empty()) {
    auto parsed = parse_bound(secret.bound);
    if (!parsed) return fail(ErrorCode::Corrupt, "secret {}: {}", secret.id, parsed.error());
    bound = *std::move(parsed);
  } else {
    bound.scopes.push_back({"**", access::Actions::all()});
    bound.scopes.push_back({"", access::Actions::all()});
    bound.only_ends = true;
  }
  bound.expires_at = secret.expires_at;
  return std::make_shared<const access::Bound>(std::move(bound));
}

// Does what was proved then still count for the account as it is now?
bool still_counts(const Subject& subject, std::int64_t epoch, const Standing& standing,
                  WallTime now) {
  const access::Bound* const bound = subject.bound();
  const bool over = bound != nullptr && bound->expires_at && *bound->expires_at <= now;
  return standing.active && standing.epoch == epoch && !over;
}

// One that is longer than any is a wrong one.
Result<bool> matches(std::string_view password, std::string_view hash) {
  auto right = crypto::verify_password(password, hash);
  if (!right && right.error().code == ErrorCode::InvalidArgument) return false;
  return right;
}

// Who is called so, and their password, as far as there are such.
struct Named {
  std::optional<meta::Account> account;
  std::optional<meta::Secret> password;
};

// Of what we make up, that which a person or a machine is given to sign in with.
bool is_credential(meta::SecretKind kind) {
  return kind == meta::SecretKind::AccessToken || kind == meta::SecretKind::RobotSecret;
}

}  // namespace

Result<std::unique_ptr<SignIn>> SignIn::open(meta::Store& store, Memory& memory,
                                             const Tokens& tokens, Executor& executor,
                                             const Clock& clock, const Options& options) {
  TRY_ASSIGN(std::string decoy, crypto::decoy_hash(options.cost));
  return std::unique_ptr<SignIn>(
      new SignIn(store, memory, tokens, executor, clock, options, std::move(decoy)));
}

SignIn::SignIn(meta::Store& store, Memory& memory, const Tokens& tokens, Executor& executor,
               const Clock& clock, const Options& options, std::string decoy)
    : store_(store),
      memory_(memory),
      tokens_(tokens),
      executor_(executor),
      clock_(clock),
      options_(options),
      decoy_(std::move(decoy)),
      throttle_(clock) {}

// What has a signature, and what cannot be guessed, is looked at wherever the request is, and
// remembered only when it is right. So who sends a thousand bad tokens makes nobody wait, and
// nobody forgotten.
auth::Authenticator::Ask SignIn::ask(std::string_view authorization) const {
  return {is_password(authorization) ? &executor_ : nullptr};
}

std::optional<std::variant<SignIn::Known, Error>> SignIn::find(const Key& key) const {
  const MutexLock lock(mutex_);
  const auto found = remembered_.find(key);
  if (found == remembered_.end() || found->second.until <= clock_.steady()) return std::nullopt;
  const Remembered& it = found->second;
  if (it.until_any_news && it.epoch != memory_.epoch()) return std::nullopt;
  return found->second.outcome;
}

void SignIn::remember(const auth::Caller& caller, std::uint64_t epoch,
                      const Result<Known>& outcome) const {
  // What may be right a moment later is asked again.
  if (!outcome && outcome.error().code != ErrorCode::Unauthenticated) return;
  Remembered remembered{wrong_password(), epoch, !outcome || caller.is_own_secret,
                        clock_.steady() + options_.remembered};
  if (outcome) {
    remembered.outcome = *outcome;
  } else {
    remembered.outcome = outcome.error();
  }
  const MutexLock lock(mutex_);
  if (remembered_.size() >= kMostRemembered) remembered_.clear();
  remembered_.insert_or_assign(key_of_(*caller.authorization), std::move(remembered));
}

std::variant<Subject, Error, auth::Authenticator::Ask> SignIn::recall(
    const auth::Caller& caller) const {
  if (!caller.authorization) return Subject::anonymous();
  if (lacks_scheme(caller)) return wrong_password();
  auto known = find(key_of_(*caller.authorization));
  if (!known) return ask(*caller.authorization);
  if (auto* error = std::get_if<Error>(&*known)) return std::move(*error);
  auto& proved = std::get<Known>(*known);
  const auto standing = memory_.recall_standing(meta::AccountId{proved.subject.id()});
  if (!standing || !still_counts(proved.subject, proved.epoch, *standing, clock_.wall())) {
    return ask(*caller.authorization);
  }
  return std::move(proved.subject);
}

Result<Subject> SignIn::authenticate(Context& context, const auth::Caller& caller) const {
  if (!caller.authorization) return Subject::anonymous();
  if (lacks_scheme(caller)) return Failure(wrong_password());
  const Key key = key_of_(*caller.authorization);
  const auto known = find(key);
  if (known && std::holds_alternative<Error>(*known)) return Failure(std::get<Error>(*known));
  if (known) {
    const auto& proved = std::get<Known>(*known);
    TRY_ASSIGN(const auto standing,
               memory_.find_standing(context, meta::AccountId{proved.subject.id()}));
    if (still_counts(proved.subject, proved.epoch, *standing, clock_.wall())) {
      return proved.subject;
    }
  }
  const std::uint64_t epoch = memory_.epoch();
  const auto outcome = prove(context, caller);
  if (outcome || is_password(*caller.authorization)) remember(caller, epoch, outcome);
  if (!outcome) return Failure(outcome.error());
  const meta::AccountId account{outcome->subject.id()};
  TRY_ASSIGN(const auto standing, memory_.find_standing(context, account));
  if (!still_counts(outcome->subject, outcome->epoch, *standing, clock_.wall())) {
    return fail(ErrorCode::Unauthenticated, "this sign-in has ended: sign in again");
  }
  return outcome->subject;
}

Result<SignIn::Known> SignIn::prove(Context& context, const auth::Caller& caller) const {
  if (caller.is_own_secret) return prove_own_secret(context, *caller.authorization);
  TRY_ASSIGN(const Credentials given, parse_authorization(*caller.authorization));
  if (const auto* bearer = std::get_if<BearerCredentials>(&given)) {
    return prove_token(bearer->token);
  }
  return prove_basic(context, std::get<BasicCredentials>(given), caller.address);
}

Result<SignIn::Known> SignIn::prove_token(const std::string& token) const {
  TRY_ASSIGN(TokenClaims claims, tokens_.read(token, clock_.wall()));
  auto bound = std::make_shared<const access::Bound>(std::move(claims.bound));
  const bool robot =
      claims.name.find('/') != std::string::npos && !claims.name.starts_with(kHtpasswdPrefix);
  const SubjectKind kind = !claims.account ? SubjectKind::Anonymous
                           : robot         ? SubjectKind::Robot
                                           : SubjectKind::User;
  return Known{{kind, claims.account.value, std::move(claims.name), std::move(bound)},
               claims.epoch};
}

Result<SignIn::Known> SignIn::prove_basic(Context& context, const BasicCredentials& given,
                                          std::string_view address) const {
  auto outcome = crypto::parse_secret(given.secret) ? prove_secret(context, given)
                                                    : prove_password(context, given, address);
  if (options_.witness != nullptr) tell(context, given, address, outcome);
  return outcome;
}

// Under the account's own name, where there is one. That the store is away is no refusal.
void SignIn::tell(Context& context, const BasicCredentials& given, std::string_view address,
                  const Result<Known>& outcome) const {
  const bool refused = !outcome && (outcome.error().code == ErrorCode::Unauthenticated ||
                                    outcome.error().code == ErrorCode::RateLimited);
  if (!outcome && !refused) return;
  options_.witness->saw({.name = outcome ? outcome->subject.name() : std::string_view(given.name),
                         .how = crypto::parse_secret(given.secret) ? "token" : "password",
                         .succeeded = !refused,
                         .is_robot = outcome && outcome->subject.kind() == SubjectKind::Robot,
                         .client = address,
                         .request = context.request_id()});
}

// What cannot be guessed is neither throttled nor hashed dearly.
Result<SignIn::Known> SignIn::prove_secret(Context& context, const BasicCredentials& given) const {
  TRY_ASSIGN(const auto found, find_secret(context, store_, given.secret));
  const bool counts =
      found && is_credential(found->secret.kind) && is_called(found->account, given.name);
  if (!counts) return Failure(wrong_password());
  return known_of(context, found->account, found->secret);
}

Result<SignIn::Known> SignIn::prove_own_secret(Context& context, std::string_view secret) const {
  TRY_ASSIGN(const auto found, find_secret(context, store_, secret));
  const bool counts = found && (is_credential(found->secret.kind) ||
                                found->secret.kind == meta::SecretKind::Session);
  if (!counts) return Failure(wrong_password());
  return known_of(context, found->account, found->secret);
}

Result<SignIn::Known> SignIn::known_of(const Context& context, const meta::Account& account,
                                       const meta::Secret& secret) const {
  TRY(check_alive(account, secret, clock_.wall()));
  if (secret.kind == meta::SecretKind::Session && secret.epoch != account.epoch) {
    return fail(ErrorCode::Unauthenticated, "this sign-in has ended: sign in again");
  }
  TRY_ASSIGN(auto bound, bound_of(secret));
  if (options_.uses != nullptr) options_.uses->note(secret.id, context.client());
  return Known{subject_of(account, std::move(bound)), account.epoch};
}

Result<SignIn::Known> SignIn::prove_password(Context& context, const BasicCredentials& given,
                                             std::string_view address) const {
  const std::string name = lower_case(given.name);
  TRY(throttle_.ask(name, address));
  const auto look = [&](const meta::Snapshot& snapshot) -> Result<Named> {
    Named named;
    TRY_ASSIGN(named.account, if_there(snapshot.accounts().find(name)));
    if (!named.account) return named;
    TRY_ASSIGN(named.password, if_there(snapshot.secrets().password_of(named.account->id)));
    return named;
  };
  TRY_ASSIGN(const auto found, store_.view<Named>(context, look));
  if (!found.account && options_.file_users != nullptr) {
    return prove_by_file(context, given, address);
  }
  TRY_ASSIGN(const bool right,
             matches(given.secret, found.password ? found.password->password_hash : decoy_));
  if (!found.password || !right) {
    throttle_.failed(name, address);
    return Failure(wrong_password());
  }
  throttle_.succeeded(name, address);
  TRY(check_alive(*found.account, *found.password, clock_.wall()));
  rehash(context, *found.password, given.secret);
  return Known{subject_of(*found.account, nullptr), found.account->epoch};
}

Result<SignIn::Known> SignIn::prove_by_file(Context& context, const BasicCredentials& given,
                                            std::string_view address) const {
  const std::string name = lower_case(given.name);
  const auto hash = options_.file_users->hash_of(given.name);
  TRY_ASSIGN(const bool right,
             matches(given.secret, hash ? *hash : options_.file_users->decoy().value_or(decoy_)));
  if (!hash || !right) {
    throttle_.failed(name, address);
    return Failure(wrong_password());
  }
  throttle_.succeeded(name, address);
  TRY_ASSIGN(const auto account, options_.file_users->enter(context, given.name, *hash));
  TRY(check_alive(account, {}, clock_.wall()));
  return Known{subject_of(account, nullptr), account.epoch};
}

// A password that was hashed at another price; on a full disk it stays as it is.
void SignIn::rehash(Context& context, const meta::Secret& kept, std::string_view password) const {
  if (!crypto::wants_rehash(kept.password_hash, options_.cost)) return;
  const auto hash = crypto::hash_password(password, options_.cost);
  if (!hash) return;
  const auto written = store_.write(context, [&](meta::Transaction& tx) -> Result<void> {
    return tx.secrets().set_hash(kept.id, *hash);
  });
  if (!written) log::warning("a password keeps its old hash: {}", written.error());
}

}  // namespace entrepot::people
