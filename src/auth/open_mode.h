#pragma once
// auth/open_mode.h — who gets in while there are no accounts.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/authenticator.h"

namespace entrepot::auth {

// Who may reach a server without accounts.
enum class Reach : std::uint8_t {
  ThisMachine,  // programs on this machine
  Everybody,    // whoever reaches it: --open
};

// Open mode answers whom Reach names, and nobody's web page: a rebound name and a foreign page's
// script are refused, and a proxy in front unless Reach says otherwise. Credentials are not looked
// at. Always answers from memory. Thread-safe.
class OpenMode final : public Authenticator {
 public:
  struct Options {
    Reach reach = Reach::ThisMachine;
    std::vector<std::string> own_names = {};  // further host names of this server
    // Whether own_names are all there are, so that other names in Host are refused wherever the
    // request comes from.
    bool names_are_complete = false;
    // Pages that may ask although they come from elsewhere: "https://ui.example.com",
    // "http://ui:8080"; "*" is every page.
    std::vector<std::string> origins = {};
  };
  explicit OpenMode(Options options) : options_(std::move(options)) {}

  // Anonymous when all of this holds:
  // - the peer is loopback, unless Reach is wider;
  // - nothing was forwarded, unless Reach is wider;
  // - Host, with or without a port, is an IP literal, a single label, an own name, or ends in
  //   .local .localhost .internal .lan .test .home.arpa (a page that rebinds its own name to this
  //   machine has none of these). Asked of Everybody only when names_are_complete;
  // - Origin is absent, or one of `origins`, or names the same scheme, host and port as the request
  //   itself, and Host is as above (asked here always: a rebound page can be told from an own one
  //   by nothing else). A forwarded request may have an https Origin without TLS here.
  // Denied otherwise, with what to do.
  std::variant<access::Subject, Error, Ask> recall(const Caller& caller) const override;
  Result<access::Subject> authenticate(Context& context, const Caller& caller) const override;

 private:
  Result<access::Subject> admit(const Caller& caller) const;
  bool is_named_origin(std::string_view origin) const;
  bool is_own_host(std::string_view host) const;
  bool asks_for_host() const;
  bool passes_origin(const Caller& caller) const;

  const Options options_;
};

// Is it the page `named` (one of Options::origins) that sends this Origin?
bool names_origin(std::string_view named, std::string_view origin);

// "scheme://host" or "scheme://host:port", as a browser sends it; a slash behind it is forgiven.
// Also "*" and "null".
bool is_origin(std::string_view text);

// The host of an own URL ("https://registry.example.com:8443/path") as an own name; "" when `url`
// is none.
std::string_view host_of_url(std::string_view url);

}  // namespace entrepot::auth
