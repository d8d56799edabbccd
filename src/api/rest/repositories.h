#pragma once
// api/rest/repositories.h — which repositories there are, and what one of them is.

#include "api/rest/people_call.h"

namespace entrepot::api::rest {

// As answers tell it: in open mode everybody sees everything, whatever it will be.
std::string_view visibility_of(meta::Visibility visibility);

struct Repositories {
  // Those that the caller may see, by name; ?q= a part of the name.
  static http::Response list(Context& context, const Call& call);
  // {"name": "acme/app", "visibility": "private"}: an empty one, for who may create it.
  static Answered create(Context& context, const Call& call);
  static http::Response get(Context& context, const Call& call);
  // {"visibility": "public"|"internal"|"private", "description": "…"}: one of them, or both.
  static http::Response change(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
