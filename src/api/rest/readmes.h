#pragma once
// api/rest/readmes.h — what a repository says of itself, at length.

#include "api/rest/call.h"

namespace entrepot::api::rest {

// Markdown comes as text/markdown, and goes out beside the HTML that a page can show (markdown/).
struct Readmes {
  static http::Response get(Context& context, const Call& call);
  static http::Response put(Context& context, const Call& call);
  static http::Response remove(Context& context, const Call& call);
  // What a README would look like; nothing is kept.
  static http::Response preview(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
