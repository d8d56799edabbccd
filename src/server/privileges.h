#pragma once
// server/privileges.h — what the process asks of the system before its first thread.

#include <string>

#include "base/result.h"

namespace entrepot::server {

// Raises the soft limit on open files to the hard one, or leaves it where that fails; returns what
// it is now. May be called again.
std::size_t raise_open_file_limit();

// Makes the allocator give freed memory back: few arenas for many threads, and what is large (a
// manifest, a buffer) mapped by itself. Without it, memory of the busiest moment stays.
void return_freed_memory();

// Started as root: makes `user` (a name, or "UID:GID") the owner of `data_path` and everything in
// it (walked only where the owner is another), then becomes that user for good, without further
// groups. Makes the directory when it is missing. Not started as root: nothing when `user` is who
// runs already, else Denied. NotFound for an unknown user. Before any thread.
Result<void> become_user(const std::string& user, const std::string& data_path);

// For a command beside the server. Started as root: become_user(user), or, when `user` is empty,
// who owns `data_path`, so that no file of root's stays behind in it.
Result<void> become_owner(const std::string& user, const std::string& data_path);

}  // namespace entrepot::server
