#pragma once
// api/rest/sessions.h — who one is, signing in and out.

#include "api/rest/call.h"

namespace entrepot::api::rest {

struct Sessions {
  static http::Response me(Context& context, const Call& call);
  // For who proved a password with this very request: a cookie. Whoever has a token has what it
  // allows, and cannot make more of it.
  static http::Response begin(Context& context, const Call& call);
  static http::Response end(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
