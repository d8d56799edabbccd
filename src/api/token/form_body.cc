#include "api/token/form_body.h"

#include <utility>

#include "api/token/answers.h"
#include "people/credentials.h"

namespace entrepot::api::token {

Result<void> FormBody::write(Context& /*context*/, ByteView piece) {
  body_ += piece;
  return {};
}

Result<void> FormBody::read() {
  TRY_ASSIGN(form_, parse_form(std::exchange(body_, {})));
  return check_service(form_.service);
}

std::optional<http::Errand> FormBody::errand() {
  was_read_ = read();
  if (!was_read_ || !form_.password) return std::nullopt;
  auto& [username, password] = *form_.password;
  authorization_ = people::to_authorization({std::move(username), std::move(password)});
  admission_ = parts_.gate.look(request_, authorization_);
  if (admission_.executor == nullptr) return std::nullopt;
  return http::Errand{admission_.executor, [this](Context& context) {
                        parts_.gate.authenticate(context, request_, authorization_, admission_);
                      }};
}

http::Response FormBody::finish(Context& context) {
  auto response = respond(context);
  return response ? *std::move(response) : problem(response.error());
}

Result<http::Response> FormBody::respond(Context& context) {
  TRY(std::move(was_read_));
  TRY_ASSIGN(const auto subject, find_subject(context));
  Wish wish{.scopes = parse_scopes(form_.scopes), .offline_by = "", .client = form_.client};
  if (form_.offline && people::is_password(authorization_)) wish.offline_by = authorization_;
  return issuer_.issue(context, request_, subject, wish);
}

Result<access::Subject> FormBody::find_subject(Context& context) {
  if (form_.refresh) return parts_.refresh_tokens.redeem(context, form_.refresh->refresh_token);
  // Nobody's executor: right here.
  if (!admission_.subject && !admission_.error && admission_.executor == nullptr) {
    parts_.gate.authenticate(context, request_, authorization_, admission_);
  }
  if (admission_.error) return Failure(*std::move(admission_.error));
  if (!admission_.subject) return fail(ErrorCode::Unavailable, "no memory");
  return *std::move(admission_.subject);
}

http::Response FormBody::failed(Context& /*context*/, const Error& error) {
  if (error.code == ErrorCode::TooLarge) {
    return problem(413, "UNSUPPORTED", "a form for a token has at most 65536 bytes");
  }
  if (error.code == ErrorCode::Timeout) {
    return problem(408, "UNSUPPORTED", "the form came too slowly");
  }
  return problem(error);
}

Result<void> check_service(std::string_view service) {
  if (service.empty() || service == people::Tokens::kService) return {};
  return fail(ErrorCode::InvalidArgument,
              "this is the token service of \"entrepot\" alone; ask with the service that the "
              "challenge names");
}

}  // namespace entrepot::api::token
