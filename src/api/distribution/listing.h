#pragma once
// api/distribution/listing.h — end-8, end-12 and _catalog: lists, in pages.

#include "api/distribution/call.h"

namespace entrepot::api::distribution {

// Pages: `n` entries at most (1,000 at the very most; 0 is an empty page), those behind `last`,
// which need not exist. A Link header leads to the next page.
struct Listing {
  static http::Reply tags(Context& context, const Call& call);       // end-8
  static http::Reply referrers(Context& context, const Call& call);  // end-12
  static http::Reply catalog(Context& context, const Call& call);
};

}  // namespace entrepot::api::distribution
