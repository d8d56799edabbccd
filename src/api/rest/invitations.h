#pragma once
// api/rest/invitations.h — links by which somebody sets their own password.

#include "api/rest/people_call.h"

namespace entrepot::api::rest {

// The secret stands behind the # of a link, which no browser sends, and comes in a body.
struct Invitations {
  // Of a user; the answer has its secret, this once.
  static Answered create(Context& context, const Call& call);
  // {"secret": "…"}: whose it is.
  static Answered read(Context& context, const Call& call);
  // {"secret": "…", "password": "…"}
  static Answered accept(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
