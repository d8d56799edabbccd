#include "api/rest/secrets.h"

#include <algorithm>
#include <array>

#include "api/rest/body.h"
#include "api/rest/rows.h"
#include "crypto/secret.h"

namespace entrepot::api::rest {
namespace {

using meta::SecretKind;
using SecretPage = people::Page<meta::Secret, std::int64_t>;

constexpr std::array kTokens{SecretKind::AccessToken};
constexpr std::array kSessions{SecretKind::Session, SecretKind::RefreshToken};
constexpr std::size_t kMostNameBytes = 100;

// Terminals show it as it is.
bool is_readable(std::string_view name) {
  return !name.empty() && name.size() <= kMostNameBytes &&
         std::none_of(name.begin(), name.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Bytes current_of(const http::Request& request) {
  const Visitor visitor = visitor_of(request, cookie_name_of(request));
  if (!visitor.caller.is_own_secret) return {};
  return crypto::fingerprint_of(*visitor.caller.authorization);
}

Answered answer_secrets(Context& context, const Call& call, std::string_view user,
                        std::span<const SecretKind> kinds) {
  TRY_ASSIGN(const auto query, by_number(call.request));
  TRY_ASSIGN(const auto page, look_up<SecretPage>(context, call, [&](const people::Roster& roster) {
               return roster.secrets(user, kinds, query);
             }));
  const Bytes current = current_of(call.request);
  Result<void> written;
  auto response = answer_page(page, [&](json::Writer& json, const meta::Secret& secret) {
    if (written) written = write_secret(json, secret, current);
  });
  TRY(std::move(written));
  return response;
}

Answered revoke(Context& context, const Call& call, std::string_view user, std::string_view id,
                std::span<const SecretKind> kinds) {
  TRY_ASSIGN(const std::int64_t number, number_in(id));
  auto people = people_of(call);
  TRY(people.revoke_secret_of(context, call.author(), number, user, kinds));
  return done();
}

// Patterns × words; nothing when neither says anything.
Result<std::optional<access::Bound>> bound_of(const std::optional<std::vector<std::string>>& words,
                                              const std::vector<std::string>& patterns) {
  if (!words && patterns.empty()) return std::optional<access::Bound>();
  access::Actions actions = words ? access::Actions{} : people::actions_of_scope("*");
  for (const std::string& word : words.value_or(std::vector<std::string>())) {
    const auto named = people::actions_of_scope(word);
    if (named == access::Actions{}) {
      return fail(ErrorCode::InvalidArgument, "body.scope: \"{}\" is none of pull, push, delete",
                  word);
    }
    actions = actions | named;
  }
  if (actions == access::Actions{}) {
    return fail(ErrorCode::InvalidArgument, "body.scope: is empty; null: for everything");
  }
  access::Bound bound;
  for (const std::string& text : patterns) {
    TRY_ASSIGN(const auto pattern, access::Pattern::parse(text));
    bound.scopes.push_back({pattern.str(), actions});
  }
  if (patterns.empty()) bound.scopes.push_back({"**", actions});
  return std::optional(std::move(bound));
}

Result<people::People::NewToken> new_token(std::string_view body, WallTime now) {
  static constexpr json::Names<4> kNames = {"name", "scope", "repositories", "expires_at"};
  TRY_ASSIGN(const auto document, parse_body(body));
  TRY_ASSIGN(const auto fields, closed_fields(document.root(), kNames));
  TRY(fields.require({0}));
  TRY(require_said(fields, 1, "for whatever one may do"));
  TRY(require_said(fields, 3, "it never ends"));
  people::People::NewToken wished{.user = {}, .name = {}, .bound = {}, .expires_at = {}};
  TRY(fields.read(0, wished.name));
  if (!is_readable(wished.name)) return fields.invalid(0, "is one line of 1 to 100 octets");
  std::optional<std::vector<std::string>> scope;
  if (fields.has(1)) TRY(read_texts(fields, 1, scope.emplace()));
  std::vector<std::string> repositories;
  TRY(read_texts(fields, 2, repositories));
  TRY_ASSIGN(wished.bound, bound_of(scope, repositories));
  TRY(read_end(fields, 3, now, wished.expires_at));
  return wished;
}

}  // namespace

Answered Secrets::tokens(Context& context, const Call& call) {
  return answer_secrets(context, call, call.subject.name(), kTokens);
}

Answered Secrets::create_token(Context& context, const Call& call) {
  TRY_ASSIGN(auto wished, new_token(call.body, call.services.clock.wall()));
  wished.user = call.subject.name();
  auto people = people_of(call);
  TRY_ASSIGN(const auto made, people.create_token(context, call.author(), wished));
  std::string body;
  json::Writer json(body);
  json.begin_object()
      .member("id", made.secret.id)
      .member("name", std::string_view(made.secret.name))
      .member("secret", std::string_view(made.text));
  TRY(write_bound(json, made.secret));
  write_time(json, "expires_at", made.secret.expires_at);
  json.end_object().end_line();
  return created(call, std::to_string(made.secret.id), std::move(body));
}

Answered Secrets::revoke_token(Context& context, const Call& call) {
  return revoke(context, call, call.subject.name(), call.words[0], kTokens);
}

Answered Secrets::sessions(Context& context, const Call& call) {
  return answer_secrets(context, call, call.subject.name(), kSessions);
}

Answered Secrets::revoke_session(Context& context, const Call& call) {
  return revoke(context, call, call.subject.name(), call.words[0], kSessions);
}

Answered Secrets::of_user(Context& context, const Call& call) {
  return answer_secrets(context, call, call.words[0], kListedSecrets);
}

Answered Secrets::revoke_of_user(Context& context, const Call& call) {
  return revoke(context, call, call.words[0], call.words[1], kListedSecrets);
}

}  // namespace entrepot::api::rest
