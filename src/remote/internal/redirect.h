#pragma once
// remote/internal/redirect.h — where a redirect leads, and who may be told the credentials.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "remote/internal/address.h"

namespace entrepot::remote {

inline constexpr int kMostRedirects = 5;

bool is_redirect(int status);

// Where `location` leads from `from`: an absolute address, or one beside `from` (RFC 3986 §5.2, but
// that dots in a path stay). Unavailable for what is none, and for http from https; in words that
// do not repeat it: signed addresses are secrets.
Result<Address> redirected(const Address& from, std::string_view location);

// May the token service `realm` be told the credentials of `server`? It may when it is the same
// host (other ports are other services of whoever has the host), a listed one, or one of the same
// domain: the last two labels are equal ("auth.docker.io", "registry-1.docker.io"), the last three
// below a country's "co.uk" and the like. No domain have IP addresses, single labels ("localhost"),
// and names below those where a provider gives every customer one ("x.azurecr.io"). Never by http
// when the server has https.
bool may_be_told(const Origin& server, const Origin& realm, const std::vector<std::string>& listed);

}  // namespace entrepot::remote
