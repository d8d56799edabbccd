#pragma once
// server/command/beside_server.h — asking the server that has the directory, through its metadata.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "meta/sqlite/store.h"
#include "server/options/options.h"

namespace entrepot::server {

// Is there a registry at all? NotFound, with what is there instead and what to do. Looks, and makes
// nothing: so every command asks this first, but `serve` and `import`.
Result<void> require_registry(const Options& options);

// The metadata of a directory that a server may have open at the same time. NotFound when there is
// no registry.
Result<std::unique_ptr<meta::sqlite::SqliteStore>> open_beside_server(const Options& options);

// A job for the server.
struct ServerJob {
  std::string_view kind;
  Bytes arguments;
  std::string_view what;  // "collection", for messages
};

// Queues it and waits until the server has done it; `tell` gets the job's progress whenever it is
// looked at, and at the end. Unavailable when the job failed, or the server ended before;
// Cancelled, and then the job is, too, when the context is.
using TellProgress = std::function<Result<void>(ByteView progress)>;
Result<void> do_beside_server(Context& context, meta::Store& meta, const Options& options,
                              const ServerJob& job, const TellProgress& tell);

}  // namespace entrepot::server
