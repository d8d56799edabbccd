#pragma once
// server/host/privileges.h — leaving root.

#include <optional>
#include <string>

#include "base/result.h"
#include "server/host/takeover.h"

namespace entrepot::server {

// Whom `user` (a name, or "UID:GID"; empty: nobody) means the process to become. nullopt when it
// stays who it is: `user` is empty, or who runs already. NotFound for an unknown user; Denied when
// it would take root to become that one.
Result<std::optional<Account>> account_to_become(const std::string& user);

// As root: makes the data directory the account's, where it is root's. It is made when it is
// missing; what root left in it (all of it when the directory itself is root's, else `docker` and
// `entrepot`) is taken over (takeover.h), and what was left is told in the log, with what to type.
// A directory that is neither root's nor the account's is not touched, and told about. Errors as
// open_trusted_directory() has them.
Result<void> hand_over(const Account& account, const std::string& data_path);

// From root to the account, for good, without further groups, in all threads.
Result<void> give_root_up(const Account& account);

// The same. Denied, with what to type, when the account cannot work in the data directory.
Result<void> become(const Account& account, const std::string& data_path);

// The three in turn: for a command beside the server. When `user` is empty, root becomes who owns
// `data_path`, so that no file of root's stays behind in it.
Result<void> become_owner(const std::string& user, const std::string& data_path);

// As root for good: a warning that says what would be better, by whose the data directory is.
void warn_of_root(const std::string& data_path);

}  // namespace entrepot::server
