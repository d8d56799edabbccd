#pragma once
// api/rest/caller.h — who asks: by the page's cookie, or as registry clients do.

#include <optional>
#include <string>
#include <string_view>

#include "auth/authenticator.h"
#include "http/message.h"

namespace entrepot::api::rest {

// The header without which a cookie changes nothing: no page of another site can send it, for that
// needs our leave (a preflight), which nobody gets.
inline constexpr std::string_view kPageHeader = "Entrepot-Page";

// Credentials in Authorization go before the cookie. An access token or a robot's secret is also
// taken as Bearer.
struct Visitor {
  auth::Caller caller;
  bool by_cookie = false;
};
Visitor visitor_of(const http::Request& request, std::string_view cookie_name);

// Was this sent by another site's page, in the name of who sits there? For what changes something;
// browsers send the passwords that they remember, too. `needs_header`: what comes by cookie, and
// signing in, has to prove by kPageHeader that our page sent it. Nothing, or what is wrong.
std::optional<std::string> foreign_page(const http::Request& request, bool needs_header);

// The cookie's name holds scheme and port, because the ports of a host share its cookies, and one
// that was set over HTTPS hides its namesake of HTTP.
//
// "__Host-entrepot-443", "entrepot-http-5000".
std::string cookie_name_of(const http::Request& request);

// Set-Cookie for a session; of an empty secret the one that ends it.
std::string session_cookie(const http::Request& request, std::string_view secret,
                           std::chrono::seconds lasts);

}  // namespace entrepot::api::rest
