// `entrepot gc`, and `entrepot garbage-collect` as distribution's own was called.
#include <algorithm>
#include <cstdio>

#include <fmt/core.h>

#include "auth/open_mode.h"
#include "collect/job.h"
#include "server/command/beside_server.h"
#include "server/command/commands.h"
#include "server/host/privileges.h"
#include "server/run/background.h"

namespace entrepot::server {
namespace {

// A delay that was typed holds; the configured one is the server's business.
std::optional<std::chrono::seconds> typed_delay(const Arguments& arguments,
                                                const Options& options) {
  const bool typed =
      std::any_of(arguments.settings.begin(), arguments.settings.end(),
                  [](const Setting& setting) { return setting.option->path == "collect.delay"; });
  if (!typed) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::seconds>(options.collect_delay);
}

// Tells what is done as it is done, and at the end.
class Teller {
 public:
  Teller(bool quiet, bool dry_run) : quiet_(quiet), dry_run_(dry_run) {}

  void tell(const collect::Progress& progress) {
    if (quiet_ || progress.reviewed == told_) return;
    told_ = progress.reviewed;
    fmt::print("{}\n", blobs(progress));
    std::fflush(stdout);
  }

  void tell_end(const collect::Progress& progress) const {
    if (quiet_) return;
    if (progress.untagged > 0) {
      fmt::print("{} {} manifests that no tag leads to\n", dry_run_ ? "would delete" : "deleted",
                 progress.untagged);
    }
    if (progress.failed > 0) {
      fmt::print("{} blobs failed and are tried again later; the log says why\n", progress.failed);
    }
    fmt::print("done: {}; {} wait for their review\n", blobs(progress), progress.left);
  }

  void tell_why_some_wait(WallTime next) const {
    if (quiet_) return;
    fmt::print(
        "The first of them is looked at on {}: a blob stays for the server's collect.delay (by "
        "default 24h) after its last use, because it may belong to a push that goes on.\n"
        "Not to wait: entrepot gc --collect.delay 0s\n",
        to_rfc3339(next));
  }

 private:
  std::string blobs(const collect::Progress& progress) const {
    return fmt::format("{} blobs reviewed, {}{}, {} bytes", progress.reviewed, progress.removed,
                       dry_run_ ? " would go" : " removed", progress.freed_bytes);
  }

  const bool quiet_;
  const bool dry_run_;
  std::uint64_t told_ = 0;
};

// No server runs, so no push does: nothing has to wait for a delay.
Result<void> collect_here(const Options& options, collect::Request request, Teller& teller) {
  Context context("gc");
  metrics::Registry metrics;
  http::MemoryAccount memory(options.limits_memory.bytes, metrics);
  TRY(check_adopted(options.data));
  TRY_ASSIGN(auto directory, DataDirectory::open(options.data));
  TRY_ASSIGN(auto stores,
             OpenedStores::open(context, std::move(directory), metrics, Clock::system()));
  const auth::OpenMode nobody{auth::OpenMode::Options{}};
  TRY_ASSIGN(auto platform, Platform::open(context, options, nobody, *stores, {metrics, memory}));
  const auto collector = make_collector(options, *stores, *platform, metrics);
  if (!request.delay) request.delay = std::chrono::seconds(0);
  TRY_ASSIGN(const collect::Progress done,
             collector->run(context, request, [&](const collect::Progress& progress) {
               teller.tell(progress);
               return Result<void>();
             }));
  teller.tell_end(done);
  return {};
}

// When the first of those that wait is looked at.
Result<std::optional<WallTime>> next_review(Context& context, meta::Store& meta) {
  return meta.view<std::optional<WallTime>>(
      context, [](const meta::Snapshot& snapshot) -> Result<std::optional<WallTime>> {
        TRY_ASSIGN(const auto first, snapshot.reviews().due(WallTime::max(), 1));
        return first.empty() ? std::nullopt : std::optional(first.front().due_at);
      });
}

// The server that has the directory does the work; its collector is asked through the metadata.
Result<void> ask_the_server(const Options& options, const collect::Request& request,
                            Teller& teller) {
  Context context("gc");
  TRY_ASSIGN(auto meta, open_beside_server(options));
  collect::Progress progress;
  TRY(do_beside_server(context, *meta, options,
                       {collect::kJobKind, collect::to_json(request), "collection"},
                       [&](ByteView json) -> Result<void> {
                         TRY_ASSIGN(progress, collect::parse_progress(json));
                         teller.tell(progress);
                         return {};
                       }));
  teller.tell_end(progress);
  if (progress.left == 0 || request.delay) return {};
  TRY_ASSIGN(const auto next, next_review(context, *meta));
  if (next) teller.tell_why_some_wait(*next);
  return {};
}

Result<void> pause_or_resume(const Options& options, bool pause) {
  Context context("gc");
  TRY_ASSIGN(auto meta, open_beside_server(options));
  TRY(collect::pause_collectors(context, *meta, pause));
  fmt::print("the collector {}\n", pause ? "pauses until `entrepot gc --resume`" : "goes on");
  return {};
}

Result<void> collect(const Arguments& arguments) {
  TRY_ASSIGN(const Configuration configuration, configure(arguments, first_operand(arguments)));
  const Options& options = configuration.options;
  TRY(require_registry(options));
  TRY(become_owner(options.user, options.data));
  if (arguments.has("pause") || arguments.has("resume")) {
    return pause_or_resume(options, arguments.has("pause"));
  }
  collect::Request request;
  request.delay = typed_delay(arguments, options);
  request.dry_run = arguments.has("dry-run");
  request.delete_untagged = arguments.has("delete-untagged");
  Teller teller(arguments.has("quiet"), request.dry_run);
  return is_served(options.data) ? ask_the_server(options, request, teller)
                                 : collect_here(options, request, teller);
}

}  // namespace

int run_gc(const Arguments& arguments) {
  const auto done = collect(arguments);
  return done ? 0 : tell_failure(done.error());
}

}  // namespace entrepot::server
