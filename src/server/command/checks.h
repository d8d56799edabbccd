#pragma once
// server/command/checks.h — would the server start? Each check looks at one thing as `serve` does,
// as the user who does it there, and makes and changes nothing.

#include <optional>

#include "base/clock.h"
#include "server/command/findings.h"
#include "server/host/takeover.h"
#include "server/options/options.h"

namespace entrepot::server {

// What stands in the data directory: a registry of ours, one of registry:2's, something else,
// nothing. As whoever runs the check, before another user is become: root may read what the user
// will own after the start. `account`: whom the server becomes.
void check_data_contents(const Options& options, const std::optional<Account>& account,
                         Findings& findings);

// May the server work in the data directory, or make it, and is there room? As the user that the
// server becomes.
void check_data_access(const Options& options, const std::optional<Account>& account,
                       Findings& findings);

// Certificate, key and the authorities of clients: as the user who starts the server.
void check_certificate(const Options& options, WallTime now, Findings& findings);

// Can the certificate be read again while the server runs? As the user that the server becomes.
void check_certificate_reload(const Options& options, Findings& findings);

// Can every address be listened on? Names have been resolved. What a server that has the same data
// directory listens on is no fault.
void check_addresses(const Options& options, Findings& findings);

// Can the credentials for upstreams be read, and does each upstream answer, and take them? As the
// user that the server becomes. Asks other machines, each for ten seconds at most.
void check_upstreams(const Options& options, Findings& findings);

// How many files may be open, and connections with them.
void check_open_files(const Options& options, Findings& findings);

}  // namespace entrepot::server
