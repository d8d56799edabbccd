#pragma once
// server/host/process.h — what the process asks of the system for itself, before its first thread.

#include <cstddef>

namespace entrepot::server {

// The first thing in main(), before any file is opened:
// - Descriptors 0, 1 and 2 that the parent closed lead to /dev/null, so that no file of ours gets
//   their number and is written into as if it were the log.
// - umask 077: what is made is for its owner alone, whoever makes it.
// - no_new_privs: nothing that this process might ever start gains rights by a set-user-ID bit.
// - No core files and no debugger of the same user (not "dumpable"): keys are in memory.
// - Stacks of 2 MiB at most: fifty threads are not to take 400 MiB of a limited address space.
// What the system refuses of the last three is done without.
void prepare_process();

// Once more "not dumpable": the system forgets it when the user changes.
void forbid_core_files();

// Raises the soft limit on open files to the hard one, or leaves it where that fails; returns what
// it is now. May be called again.
std::size_t raise_open_file_limit();

// Makes the allocator give freed memory back: few arenas for many threads, and what is large (a
// manifest, a buffer) mapped by itself. Without it, memory of the busiest moment stays.
void return_freed_memory();

}  // namespace entrepot::server
