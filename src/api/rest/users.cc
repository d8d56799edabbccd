#include "api/rest/users.h"

#include "api/rest/body.h"
#include "api/rest/rows.h"
#include "people/credentials.h"
#include "people/names.h"
#include "people/roles.h"

namespace entrepot::api::rest {
namespace {

using meta::Account;
using UserPage = people::Page<Account, std::string>;
using MembershipPage = people::Page<meta::Membership, std::string>;

void write_whole(json::Writer& json, const Account& account) { write_user(json, account, true); }

Result<people::NewUser> new_user(std::string_view body) {
  static constexpr json::Names<3> kNames = {"name", "password", "admin"};
  TRY_ASSIGN(const auto document, parse_body(body));
  TRY_ASSIGN(const auto fields, closed_fields(document.root(), kNames));
  TRY(fields.require({0}));
  people::NewUser user;
  TRY(fields.read(0, user.name));
  if (fields.has(1)) TRY(fields.read(1, user.password.emplace()));
  TRY(fields.read(2, user.admin));
  return user;
}

Result<people::AccountChange> account_change(std::string_view body) {
  static constexpr json::Names<2> kNames = {"enabled", "role"};
  TRY_ASSIGN(const auto document, parse_body(body));
  TRY_ASSIGN(const auto fields, closed_fields(document.root(), kNames));
  people::AccountChange change;
  if (fields.has(0)) {
    bool enabled = false;
    TRY(fields.read(0, enabled));
    change.enabled = enabled;
  }
  TRY(read_word(fields, 1, &people::parse_system_role, "is none, auditor or admin", change.role));
  if (!change.enabled && !change.role) return fields.invalid(0, "or role: one of them is needed");
  return change;
}

struct PasswordChange {
  std::string password;
  std::optional<std::string> old_password;
};

Result<PasswordChange> password_change(std::string_view body) {
  static constexpr json::Names<2> kNames = {"password", "old_password"};
  TRY_ASSIGN(const auto document, parse_body(body));
  TRY_ASSIGN(const auto fields, closed_fields(document.root(), kNames));
  TRY(fields.require({0}));
  PasswordChange change;
  TRY(fields.read(0, change.password));
  if (fields.has(1)) {
    change.old_password.emplace();
    TRY(fields.read(1, *change.old_password));
  }
  return change;
}

// Is that one's own password? By the way of every sign-in: with its throttle.
Result<void> prove(Context& context, const Call& call, const std::optional<std::string>& password) {
  if (!password) {
    return fail(ErrorCode::InvalidArgument, "body.old_password: is missing: it is one's own");
  }
  const std::string authorization =
      people::to_authorization({std::string(call.subject.name()), *password});
  const auto wrong = [] { return fail(ErrorCode::Denied, "the old password is wrong"); };
  if (!people::is_password(authorization)) return wrong();
  Admission admission = call.services.gate.look(call.request, authorization);
  if (!admission.subject && !admission.error) {
    call.services.gate.authenticate(context, call.request, authorization, admission);
  }
  if (admission.error && admission.error->code != ErrorCode::Unauthenticated) {
    return Failure(*std::move(admission.error));
  }
  if (!admission.subject || !admission.subject->is_same_as(call.subject)) return wrong();
  return {};
}

}  // namespace

Answered Users::list(Context& context, const Call& call) {
  TRY_ASSIGN(const auto query, by_name(call.request));
  const std::string part = call.request.parameter("q").value_or("");
  TRY_ASSIGN(const auto page, look_up<UserPage>(context, call, [&](const people::Roster& roster) {
               return roster.users(query, part);
             }));
  return answer_page(page, write_whole);
}

Answered Users::create(Context& context, const Call& call) {
  TRY_ASSIGN(const auto wished, new_user(call.body));
  auto people = people_of(call);
  TRY_ASSIGN(const auto made, people.create_user(context, call.author(), wished));
  return created(call, made.name, body_of(made, write_whole));
}

Answered Users::get(Context& context, const Call& call) {
  using Found = people::Roster::FoundUser;
  TRY_ASSIGN(const auto found, look_up<Found>(context, call, [&](const people::Roster& roster) {
               return roster.user(call.words[0]);
             }));
  return answer(200, body_of(found, [](json::Writer& json, const Found& user) {
                  write_user(json, user.account, user.whole);
                }));
}

Answered Users::change(Context& context, const Call& call) {
  TRY_ASSIGN(const auto change, account_change(call.body));
  auto people = people_of(call);
  TRY_ASSIGN(const auto changed, people.change_user(context, call.author(), call.words[0], change));
  return answer(200, body_of(changed, write_whole));
}

Answered Users::remove(Context& context, const Call& call) {
  auto people = people_of(call);
  TRY(people.remove(context, call.author(), call.words[0], meta::AccountKind::User));
  return done();
}

Answered Users::set_password(Context& context, const Call& call) {
  TRY_ASSIGN(const auto change, password_change(call.body));
  std::optional<std::int64_t> epoch;
  if (people::lower_case(call.words[0]) == call.subject.name()) {
    TRY_ASSIGN(const auto standing,
               call.services.memory.find_standing(context, meta::AccountId{call.subject.id()}));
    epoch = standing->epoch;
    TRY(prove(context, call, change.old_password));
  }
  auto people = people_of(call);
  TRY(people.set_password(context, call.author(), call.words[0], change.password, epoch));
  return done();
}

Answered Users::organisations(Context& context, const Call& call) {
  TRY_ASSIGN(const auto query, by_name(call.request));
  TRY_ASSIGN(const auto page,
             look_up<MembershipPage>(context, call, [&](const people::Roster& roster) {
               return roster.organisations_of(call.words[0], query);
             }));
  return answer_page(page, [](json::Writer& json, const meta::Membership& row) {
    json.begin_object()
        .member("name", std::string_view(row.name))
        .member("role", people::name_of(row.role))
        .end_object();
  });
}

}  // namespace entrepot::api::rest
