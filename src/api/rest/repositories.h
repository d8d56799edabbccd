#pragma once
// api/rest/repositories.h — which repositories there are, and what one of them is.

#include "api/rest/people_call.h"

namespace entrepot::api::rest {

struct Repositories {
  // Those that the caller may see, by name; ?q= a part of the name; ?namespace= of one alone, the
  // empty ones as well, and then `q` is a part of what follows it.
  static http::Response list(Context& context, const Call& call);
  // {"name": "acme/app", "visibility": "private"}: an empty one, for who may create it.
  static Answered create(Context& context, const Call& call);
  static http::Response get(Context& context, const Call& call);
  // {"visibility": "public"|"internal"|"private", "description": "…", "archived": true}: one, or
  // several.
  static http::Response change(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
