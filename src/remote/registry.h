#pragma once
// remote/registry.h — another registry, asked as its clients ask it.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "oci/digest.h"
#include "oci/manifest.h"

namespace entrepot::remote {

struct Credentials {
  std::string username = {};  // "" and "": nobody in particular
  std::string password = {};
};

struct Server {
  std::string url;  // "https://registry-1.docker.io": nothing behind host and port
  Credentials credentials = {};
  std::string ca_file = {};  // certificates to trust instead of the machine's
  // Hosts whose token service may be told the credentials, besides the server's own and those of
  // the same domain ("auth.docker.io" of "registry-1.docker.io").
  std::vector<std::string> realm_hosts = {};
};

struct Options {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds head{10'000};     // from connecting to the head of the answer; also to
                                              // a token, and for a connection to be free
  std::chrono::milliseconds silence{30'000};  // within a body
  // Before a transfer that broke off without a byte goes on; doubled each time in a row.
  std::chrono::milliseconds pause{200};
  // That ask at once. Each keeps open, for the next question, what it used: two sockets at most,
  // one to the registry and one to where it redirects.
  std::size_t most_connections = 64;
};

struct ManifestHead {
  std::optional<oci::Digest> digest;  // not every registry tells
  std::string media_type;             // without parameters; "" when it is not told
};

struct Manifest {
  oci::Digest digest;      // the bytes have it: of the algorithm that was asked for, else sha256
  std::string media_type;  // likewise
  Bytes bytes;
};

struct NamePage {
  std::vector<std::string> names;
  bool more = false;
};

// Takes a blob as it comes.
class BlobTaker {
 public:
  virtual ~BlobTaker() = default;
  // Once, before the first byte: how long the whole blob is.
  virtual Result<void> begin(std::uint64_t size_bytes) = 0;
  // In order, each byte once. An error ends the transfer, and is what it fails with.
  virtual Result<void> take(ByteView piece) = 0;
};

// One registry, by the OCI distribution specification and Docker's token protocol. Repository names
// and references are written as that registry has them ("library/nginx", "1.27"). Thread-safe;
// blocks; each call uses one connection, and Unavailable comes when all are in use for too long.
//
// Tokens are fetched when they are asked for, one for each (repository, right), by one caller at a
// time while the others wait, and kept for four fifths of their life. The credentials go to the
// server and to token services as Server says, never along a redirect to another host or port, or
// down to http: a server of https that redirects to http, or has its token service there, is
// Unavailable. Of a token service that may not be told them nobody in particular is asked instead:
// that would look as if they were wrong, so it is Denied, and says which host to list. Without
// credentials any token service is asked. Redirects of GET and HEAD are followed, five at most;
// where they lead is a secret: errors name the host alone. Asked for and expected is `identity`: an
// answer in any other Content-Encoding is Unavailable.
//
// Errors of every call: InvalidArgument for a name or reference that is none; NotFound; Denied (401
// with a fresh token, 403); RateLimited (429, see rests_until()); Unavailable for whatever else
// goes wrong on the way or over there; Timeout; Cancelled. Of a registry that fails, no answer is
// ever NotFound: only a 404 of its own is, none of its token service or of where it redirects.
class Registry {
 public:
  // Unsupported, with what to install, where libcurl is missing; InvalidArgument for a bad url.
  static Result<std::unique_ptr<Registry>> make(Server server, Options options, const Clock& clock);
  virtual ~Registry() = default;

  // Accepts every type of manifest.
  virtual Result<ManifestHead> head_manifest(Context& context, std::string_view repository,
                                             std::string_view reference) = 0;
  // At most oci::kMaxManifestBytes, else TooLarge. Corrupt when `reference` is a digest that the
  // bytes do not have.
  virtual Result<Manifest> manifest(Context& context, std::string_view repository,
                                    std::string_view reference) = 0;
  virtual Result<std::uint64_t> blob_size(Context& context, std::string_view repository,
                                          const oci::Digest& digest) = 0;
  // The whole blob. A transfer that breaks off goes on where it was (Range), anew from the server's
  // own address, as long as bytes come: five times in a row without one are too many. One that the
  // registry itself does not begin to answer is not asked for again. The bytes are not hashed.
  // Unavailable where the registry does not tell the length.
  virtual Result<void> blob(Context& context, std::string_view repository,
                            const oci::Digest& digest, BlobTaker& taker) = 0;
  // In the registry's order; `after` "" is the beginning, else the last name of the page before. At
  // most 1,000 are asked for at once.
  virtual Result<NamePage> tags(Context& context, std::string_view repository,
                                std::string_view after, std::size_t limit) = 0;
  // What refers to a manifest: of a registry without the referrers API what stands under its
  // fallback tag. The first page of it, of at most oci::kMaxManifestBytes; empty for nothing.
  virtual Result<std::vector<oci::Descriptor>> referrers(Context& context,
                                                         std::string_view repository,
                                                         const oci::Digest& subject) = 0;
  // Is the server there, and does it take the credentials? What docker asks first (GET /v2/, a
  // token). Without credentials it is enough that it wants some. Never NotFound.
  virtual Result<void> ping(Context& context) = 0;

  // Until when it said that it wants not to be asked (Retry-After of a 429, an hour at most; a
  // minute without); nothing when it did not, or when that is over.
  virtual std::optional<SteadyTime> rests_until() const = 0;
  // What is left of its limit, as its last answer about a manifest told ("ratelimit-remaining:
  // 20;w=21600"); nothing when it does not tell.
  virtual std::optional<std::uint64_t> pulls_left() const = 0;
};

}  // namespace entrepot::remote
