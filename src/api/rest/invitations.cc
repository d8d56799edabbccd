#include "api/rest/invitations.h"

#include "api/rest/body.h"
#include "http/forwarded.h"

namespace entrepot::api::rest {
namespace {

struct Given {
  std::string secret;
  std::string password;
};

Result<Given> given(std::string_view body, bool with_password) {
  static constexpr json::Names<2> kNames = {"secret", "password"};
  TRY_ASSIGN(const auto document, parse_body(body));
  TRY_ASSIGN(const auto fields, closed_fields(document.root(), kNames));
  TRY(fields.require({0}));
  Given given;
  TRY(fields.read(0, given.secret));
  if (with_password) TRY(fields.require({1}));
  if (!with_password && fields.has(1)) return fields.invalid(1, "is for accept");
  TRY(fields.read(1, given.password));
  return given;
}

http::Response whose(const meta::Account& account) {
  return answer(200, body_of(account, [](json::Writer& json, const meta::Account& row) {
                  json.begin_object().member("name", std::string_view(row.name)).end_object();
                }));
}

}  // namespace

Answered Invitations::create(Context& context, const Call& call) {
  auto people = people_of(call);
  TRY_ASSIGN(const auto made, people.invite(context, call.author(), call.words[0]));
  return answer(201, body_of(made, [](json::Writer& json, const people::MadeSecret& row) {
                  json.begin_object().member("secret", std::string_view(row.text));
                  write_time(json, "expires_at", row.secret.expires_at);
                  json.end_object();
                }));
}

Answered Invitations::read(Context& context, const Call& call) {
  TRY_ASSIGN(const auto sent, given(call.body, false));
  auto people = people_of(call);
  TRY_ASSIGN(const auto account, people.find_invited(context, sent.secret));
  return whose(account);
}

Answered Invitations::accept(Context& context, const Call& call) {
  TRY_ASSIGN(const auto sent, given(call.body, true));
  auto people = people_of(call);
  TRY_ASSIGN(const auto account, people.accept_invitation(context, sent.secret, sent.password,
                                                          http::client_address(call.request)));
  return whose(account);
}

}  // namespace entrepot::api::rest
