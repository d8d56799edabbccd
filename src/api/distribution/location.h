#pragma once
// api/distribution/location.h — an upload session as a URL that cannot be forged.

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "registry/uploads.h"

namespace entrepot::api::distribution {

// How URLs in Location and Link headers begin.
struct LocationOptions {
  // "" (the default): path-relative, "/v2/…". Else what stands in front of "/v2/", such as
  // "https://registry.example.com/prefix" (distribution's http.host, which wins over the two below
  // there, too).
  std::string base;
  // Absolute Locations made from the request and what proxies say of it (external_address.h;
  // distribution's relativeurls: false); ignored when `base` is set.
  bool from_request = false;
  // A path in front of /v2/ (distribution's http.prefix), without a trailing slash. A proxy may
  // change it: `base` has to hold it as clients see it.
  std::string prefix;
};

// What stands in front of "/v2/" in the Location of the answer to `request`.
std::string location_base(const LocationOptions& options, const http::Request& request);

// The same in Link: never made from the request, since a path is right behind any proxy.
std::string link_base(const LocationOptions& options);

// Writes a session into a location and reads it back. The state is signed, so that any process with
// the same key can go on with a session and nobody can invent one. Thread-safe.
class LocationSigner {
 public:
  explicit LocationSigner(Bytes key) : key_(std::move(key)) {}

  // "/v2/<name>/blobs/uploads/<id>?_state=…"
  std::string path(const registry::UploadSession& session) const;

  // NotFound when id or state are not a pair that path() made for this repository and its owner.
  Result<registry::UploadSession> read(const oci::RepositoryName& repository,
                                       const access::Subject& owner, std::string_view id,
                                       std::string_view state) const;

 private:
  std::string sign(const registry::UploadSession& session) const;
  const Bytes key_;
};

}  // namespace entrepot::api::distribution
