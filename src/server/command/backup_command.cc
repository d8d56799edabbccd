// `entrepot backup`: a copy of the metadata, now.
#include <chrono>
#include <cstdio>

#include <fmt/core.h>

#include "server/command/backup_target.h"
#include "server/command/beside_server.h"
#include "server/command/commands.h"
#include "server/host/privileges.h"
#include "server/host/signals.h"
#include "server/run/backup_job.h"
#include "server/run/data_directory.h"

namespace entrepot::server {
namespace {

using std::chrono::steady_clock;

struct Outcome {
  std::string path;
  meta::BackupContents contents;
};

Result<meta::BackupContents> copy(Context& context, const Options& options,
                                  const BackupTarget& target) {
  TRY_ASSIGN(const auto meta, open_beside_server(options));
  auto made = [&]() -> Result<meta::BackupContents> {
    TRY_ASSIGN(const auto contents, meta->backup(context, target.beside()));
    TRY(context.alive());  // a signal that came behind the last page holds, too
    TRY(target.publish());
    return contents;
  }();
  if (!made) target.discard();
  return made;
}

// This process copies, while a server or none has the metadata open: the server may not write where
// we may.
Result<Outcome> back_up_to(Context& context, const Options& options, const std::string& file) {
  TRY_ASSIGN(const auto target, BackupTarget::choose(file, options.data));
  TRY_ASSIGN(const auto contents, copy(context, options, target));
  return Outcome{file, contents};
}

// The server does it, as one of its own: it knows which to drop, and tells in its metrics.
Result<MadeBackup> ask_the_server(Context& context, const Options& options) {
  TRY_ASSIGN(auto meta, open_beside_server(options));
  BackupOutcome outcome;
  const auto done = do_beside_server(context, *meta, options, {kBackupJobKind, "{}", "backup"},
                                     [&](ByteView json) -> Result<void> {
                                       TRY_ASSIGN(outcome, parse_backup_outcome(json));
                                       return {};
                                     });
  if (done) return outcome.made;
  if (done.error().code == ErrorCode::Cancelled) {
    return fail(ErrorCode::Cancelled, "cancelled; the server ends what it has begun");
  }
  if (outcome.failure.empty()) return Failure(done.error());
  return fail(done.error().code, "{}", outcome.failure);
}

Result<MadeBackup> back_up_here(Context& context, const Options& options) {
  TRY_ASSIGN(const auto directory, DataDirectory::open(options.data));
  TRY_ASSIGN(auto meta, open_beside_server(options));
  const BackupFolder folder(directory->backups_path(), options.backup_keep);
  return folder.make(context, *meta, Clock::system().wall());
}

Result<Outcome> back_up(Context& context, const Arguments& arguments) {
  TRY_ASSIGN(const Configuration configuration, configure(arguments, first_operand(arguments)));
  const Options& options = configuration.options;
  TRY(require_registry(options));
  TRY(become_owner(options.user, options.data));
  if (const auto file = arguments.value("to")) return back_up_to(context, options, *file);
  TRY_ASSIGN(const MadeBackup made, is_served(options.data) ? ask_the_server(context, options)
                                                            : back_up_here(context, options));
  return Outcome{DataDirectory::backups_path_of(options.data) + "/" + made.name, made.contents};
}

}  // namespace

int run_backup(const Arguments& arguments) {
  const auto begun = steady_clock::now();
  Context context("backup");
  const Signals signals([&] { context.cancel(); });
  const auto made = back_up(context, arguments);
  if (!made) return tell_failure(made.error());
  const std::chrono::duration<double> took = steady_clock::now() - begun;
  const meta::BackupContents& held = made->contents;
  fmt::print(
      "{}: {} bytes in {:.1f} s, read again: {} repositories, {} manifests, {} tags, the names of "
      "{} blobs\n",
      made->path, held.size_bytes, took.count(), held.repositories, held.manifests, held.tags,
      held.blobs);
  return 0;
}

}  // namespace entrepot::server
