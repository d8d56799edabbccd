#pragma once
// api/external_address.h — under which address the client reached us, as far as it can
// be told.

#include <string>

#include "http/message.h"

namespace entrepot::api {

// "https://registry.example.com:8443" for URLs in the answer to `request`: the scheme and Host of
// the request itself, or what a proxy in front says about the client's, read as distribution reads
// it: `Forwarded` (its first element's proto and host) where there is one, else the first values of
// X-Forwarded-Proto and X-Forwarded-Host. X-Forwarded-Port is not looked at there, and not here.
// "" when no usable host is left.
//
// Whoever sends the request may say anything here, so this is for URLs in its own answer and for
// nothing else. What is neither http nor https, or no host with or without a port, counts as not
// said; so no value leaves its place in the URL.
std::string external_address(const http::Request& request);

// The same for a URL to which the client will send a password. Only a trusted proxy
// (http::Peer::is_proxy) may name another host than Host does. Anybody's word that the client came
// by https counts, and nobody's that it did not: so nobody is sent to plain HTTP by a proxy that
// was not listed.
std::string address_for_secrets(const http::Request& request);

}  // namespace entrepot::api
