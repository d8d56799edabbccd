#pragma once
// api/rest/secrets.h — what a user signs in with, besides the password.

#include "api/rest/people_call.h"

namespace entrepot::api::rest {

struct Secrets {
  static Answered tokens(Context& context, const Call& call);
  // The answer has the secret, which nobody is told again.
  static Answered create_token(Context& context, const Call& call);
  static Answered revoke_token(Context& context, const Call& call);
  // Of browsers, and refresh tokens.
  static Answered sessions(Context& context, const Call& call);
  static Answered revoke_session(Context& context, const Call& call);
  // All of these, of another user.
  static Answered of_user(Context& context, const Call& call);
  static Answered revoke_of_user(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
