#pragma once
// auth/open_mode.h — who gets in while there are no accounts.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/subject.h"
#include "base/result.h"

namespace entrepot::auth {

// What a request tells about where it came from. Header values as sent; views are only looked at
// during the call.
struct Caller {
  bool loopback_peer = false;
  bool tls = false;
  bool forwarded = false;  // it carries Forwarded, X-Forwarded-* or Via
  std::optional<std::string_view> host;
  std::optional<std::string_view> origin;
};

// Open mode answers this machine's own programs and nobody's web page: a proxy in front, a rebound
// name and a foreign page's script are refused. Thread-safe; admit() allocates nothing when it lets
// in, so event loops may call it.
class OpenMode {
 public:
  struct Options {
    bool anywhere = false;               // --open: any peer, behind any proxy, under any name
    std::vector<std::string> own_names;  // further host names of this server
  };
  explicit OpenMode(Options options) : options_(std::move(options)) {}

  // Anonymous when all of this holds:
  // - the peer is loopback, and nothing was forwarded;
  // - Host, with or without a port, is an IP literal, a single label, an own name, or ends in
  //   .local .localhost .internal .lan .test .home.arpa (a page that rebinds its own name to this
  //   machine has none of these);
  // - Origin is absent, or names the same scheme, host and port as the request itself.
  // With `anywhere` only the rule on Origin is left: who starts the server with --open gives it to
  // everyone who reaches it, but no visitor of a foreign page reaches it on purpose. A forwarded
  // request may then have an https Origin without TLS here. Denied otherwise, with what to do.
  Result<access::Subject> admit(const Caller& caller) const;

 private:
  bool is_own_host(std::string_view host) const;

  const Options options_;
};

}  // namespace entrepot::auth
