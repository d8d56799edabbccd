#include "server/command/beside_server.h"

#include <unistd.h>

#include <thread>

#include "server/run/data_directory.h"

namespace entrepot::server {

using meta::sqlite::SqliteStore;

namespace {

constexpr std::chrono::milliseconds kBetweenLooks{200};

}  // namespace

bool has_metadata(const Options& options) {
  return ::access(DataDirectory::metadata_path_of(options.data).c_str(), F_OK) == 0;
}

Result<std::unique_ptr<SqliteStore>> open_beside_server(const Options& options) {
  if (!has_metadata(options)) {
    return fail(ErrorCode::NotFound, "{}: there is no registry here", options.data);
  }
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
