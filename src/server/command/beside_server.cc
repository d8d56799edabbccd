#include "server/command/beside_server.h"

#include <unistd.h>

#include <cerrno>
#include <thread>

#include "file/error.h"
#include "server/run/data_directory.h"

namespace entrepot::server {

using meta::sqlite::SqliteStore;

namespace {

constexpr std::chrono::milliseconds kBetweenLooks{200};

// The server ends it at its next step.
Result<void> cancel(meta::Store& meta, std::int64_t job) {
  Context unhindered("cancel");
  TRY(meta.write(unhindered, [&](meta::Transaction& tx) {
    return tx.jobs().cancel(job, Clock::system().wall());
  }));
  return fail(ErrorCode::Cancelled, "cancelled");
}

}  // namespace

Result<void> require_registry(const Options& options) {
  const std::string& data = options.data;
  const auto is_there = [](const std::string& path) { return ::access(path.c_str(), F_OK) == 0; };
  const std::string metadata = DataDirectory::metadata_path_of(data);
  if (is_there(metadata)) return {};
  if (errno != ENOENT && errno != ENOTDIR) return file::refused(errno, "looking at {}", metadata);
  std::string_view why = "it has no entrepot/meta.db; name the directory that `entrepot serve` has";
  if (!is_there(data)) {
    why = "there is no such directory; name the one that `entrepot serve` has";
  } else if (has_distribution_layout(data)) {
    why = "it is a registry:2's, not taken over yet; `entrepot serve` or `entrepot import` does it";
  }
  return fail(ErrorCode::NotFound, "no registry in {}: {} (--data, or data in the configuration)",
              data, why);
}

Result<std::unique_ptr<SqliteStore>> open_beside_server(const Options& options) {
  TRY(require_registry(options));
  SqliteStore::Options store_options;
  store_options.path = DataDirectory::metadata_path_of(options.data);
  store_options.as_it_is = true;  // a server of another version may be running on it
  return SqliteStore::open(store_options, Clock::system());
}

Result<void> do_beside_server(Context& context, meta::Store& meta, const Options& options,
                              const ServerJob& asked, const TellProgress& tell) {
  TRY_ASSIGN(const meta::Job queued, meta.transact<meta::Job>(context, [&](meta::Transaction& tx) {
    return tx.jobs().enqueue(asked.kind, asked.arguments, Clock::system().wall());
  }));
  while (true) {
    if (context.cancelled()) return cancel(meta, queued.id);
    TRY_ASSIGN(const meta::Job job,
               meta.view<meta::Job>(context, [&](const meta::Snapshot& snapshot) {
                 return snapshot.jobs().find(queued.id);
               }));
    if (!job.progress.empty()) TRY(tell(job.progress));
    if (job.state == "done") return {};
    if (job.state == "failed") {
      return fail(ErrorCode::Unavailable, "the {} failed; the server's log says why", asked.what);
    }
    if (job.state == "cancelled") {
      return fail(ErrorCode::Cancelled, "the {} was cancelled", asked.what);
    }
    if (!is_served(options.data)) {
      return fail(ErrorCode::Unavailable, "the server ended before the {} did", asked.what);
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

}  // namespace entrepot::server
