#pragma once
// server/host/trusted_path.h — opening a directory while the process is root.

#include <memory>
#include <string>

#include "base/result.h"
#include "base/source.h"

namespace entrepot::server {

enum class WhenMissing { Fail, Make };

// Opens the directory `path` from its first component to its last, each from the descriptor of the
// one before. A symbolic link is followed only where nobody but root can have put it: the link and
// the folder that it lies in are root's, and others may not write to that folder (or it is sticky).
// With Make, what is missing is made: the last directory for root alone, those above it with 0755,
// so that another user can come through. The descriptor can be read.
//
// Denied for a link of somebody else's, with its path; NotFound, Conflict (it is no directory),
// StorageFull, Unavailable.
Result<std::unique_ptr<OpenFile>> open_trusted_directory(const std::string& path,
                                                         WhenMissing when_missing);

}  // namespace entrepot::server
