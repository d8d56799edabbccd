#pragma once
// file/write.h — writing files so that they are whole, and stay.

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace entrepot::file {

// All of it, behind what was written through the descriptor before; `path` is for the message.
Result<void> write_all(int descriptor, ByteView bytes, const std::string& path);

// What follows is durable when it returns: it survives a power cut right after. Thread-safe; blocks
// on the disk. A sync that failed is not repeated: the kernel has forgotten what it could not
// write, and the second would lie. Errors: see file/error.h.

// The names in a directory.
Result<void> sync_directory(const std::string& path);
// The same of one below the open directory `root`. 0 or a negative errno.
int sync_directory_at(int root, const std::string& path);

// Gives the file `beside`, whatever wrote it, the name `path`, which lies in the same directory.
// Whoever opens `path` meanwhile finds what it was before or this, whole.
Result<void> publish(const std::string& beside, const std::string& path);

// The same, but only where nothing has that name yet: AlreadyExists. After an error it has not got
// the name; `beside` may still be there.
Result<void> publish_new(const std::string& beside, const std::string& path);

// Makes `path` a file of these bytes, for its owner alone, by way of `path` + ".new".
Result<void> replace(const std::string& path, ByteView bytes);

// Makes a directory for its owner alone, if it is not there. NotFound without its parent.
Result<void> make_directory(const std::string& path);

}  // namespace entrepot::file
