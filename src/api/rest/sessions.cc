#include "api/rest/sessions.h"

#include "api/rest/problem.h"
#include "json/writer.h"
#include "people/credentials.h"
#include "people/roles.h"

namespace entrepot::api::rest {
namespace {

using access::SubjectKind;

std::string_view name_of(SubjectKind kind) {
  switch (kind) {
    case SubjectKind::User:
      return "user";
    case SubjectKind::Robot:
      return "robot";
    default:
      return "anonymous";
  }
}

Result<std::string> about(Context& context, const Call& call) {
  const access::Subject& subject = call.subject;
  TRY_ASSIGN(const auto standing,
             call.services.memory.find_standing(context, meta::AccountId{subject.id()}));
  std::string body;
  json::Writer(body)
      .begin_object()
      .member("kind", name_of(subject.kind()))
      .member("name", subject.name())
      .member("role", people::name_of(standing->role))
      .end_object()
      .end_line();
  return body;
}

}  // namespace

http::Response Sessions::me(Context& context, const Call& call) {
  auto body = about(context, call);
  return body ? answer(200, *std::move(body)) : to_problem(body.error());
}

http::Response Sessions::begin(Context& context, const Call& call) {
  const auto given = call.request.header("Authorization");
  if (!given || !people::is_password(*given)) {
    return problem(401, "unauthenticated", "sign in with name and password, as Basic");
  }
  if (call.subject.kind() != SubjectKind::User) {
    return problem(409, "conflict", "nobody signs in here: this registry has no accounts yet");
  }
  auto body = about(context, call);
  if (!body) return to_problem(body.error());
  // The password is asked for once more, of memory: so it still counts behind the moment at which
  // the epoch was read, and was not changed in between.
  const meta::AccountId user{call.subject.id()};
  const auto standing = call.services.memory.find_standing(context, user);
  if (!standing) return to_problem(standing.error());
  Admission still;
  call.services.gate.authenticate(context, call.request, still);
  if (!still.subject || !still.subject->is_same_as(call.subject)) {
    return problem(401, "unauthenticated", "this sign-in has ended: sign in again");
  }
  people::Sessions sessions(call.services.meta, call.services.clock);
  const auto client = call.request.header("User-Agent").value_or("");
  const auto secret = sessions.begin(context, user, (*standing)->epoch, client);
  if (!secret) return to_problem(secret.error());
  auto response = answer(201, *std::move(body));
  response.with("Set-Cookie",
                session_cookie(call.request, *secret, people::Sessions::kSessionLasts));
  return response;
}

http::Response Sessions::end(Context& context, const Call& call) {
  const Visitor visitor = visitor_of(call.request, cookie_name_of(call.request));
  if (visitor.by_cookie) {
    people::Sessions sessions(call.services.meta, call.services.clock);
    const auto ended = sessions.end(context, *visitor.caller.authorization);
    if (!ended) return to_problem(ended.error());
  }
  http::Response response;
  response.status = 204;
  response.with("Set-Cookie", session_cookie(call.request, "", std::chrono::seconds(0)));
  return response;
}

}  // namespace entrepot::api::rest
