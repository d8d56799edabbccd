#pragma once
// api/rest/users.h — who has an account.

#include "api/rest/people_call.h"

namespace entrepot::api::rest {

struct Users {
  static Answered list(Context& context, const Call& call);
  static Answered create(Context& context, const Call& call);
  static Answered get(Context& context, const Call& call);
  static Answered change(Context& context, const Call& call);
  static Answered remove(Context& context, const Call& call);
  // One's own with the old one, which is proved as a sign-in is; admins set those of others.
  static Answered set_password(Context& context, const Call& call);
  static Answered organisations(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
