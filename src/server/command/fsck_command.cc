// `entrepot fsck`: is everything at rest what it should be?
#include <algorithm>
#include <cstdio>
#include <thread>

#include <fmt/core.h>

#include "scrub/job.h"
#include "server/command/beside_server.h"
#include "server/command/commands.h"
#include "server/host/privileges.h"
#include "server/run/platform.h"

namespace entrepot::server {
namespace {

constexpr int kMended = 3;
constexpr int kDamageLeft = 4;
constexpr std::uint64_t kTellBytes = std::uint64_t{1} << 30;

// Tells how far it is, and at the end what is wrong.
class Teller {
 public:
  explicit Teller(bool quiet) : quiet_(quiet) {}

  void tell(const scrub::Report& report) {
    if (quiet_ || report.counts.bytes < told_bytes_ + kTellBytes) return;
    told_bytes_ = report.counts.bytes;
    fmt::print("{}\n", verified(report));
    std::fflush(stdout);
  }

  void tell_end(const scrub::Report& report) const {
    if (quiet_) return;
    for (const scrub::Loss& loss : report.losses) {
      fmt::print("{}:{} misses something: {}\n", loss.repository, loss.tag, loss.why);
    }
    if (report.more_losses > 0) fmt::print("and {} tags more\n", report.more_losses);
    fmt::print("done: {}; {} damaged, {} mended\n", verified(report), report.left,
               report.counts.mended);
    if (report.counts.unmended > 0) {
      fmt::print("{} manifests have rows that `entrepot fsck --repair` makes anew\n",
                 report.counts.unmended);
    }
  }

 private:
  static std::string verified(const scrub::Report& report) {
    return fmt::format("{} manifests, {} blobs, {} bytes verified", report.counts.manifests,
                       report.counts.blobs, report.counts.bytes);
  }

  const bool quiet_;
  std::uint64_t told_bytes_ = 0;
};

Result<scrub::Report> check_here(const Options& options, const scrub::Request& request,
                                 Teller& teller) {
  Context context("fsck");
  metrics::Registry metrics;
  TRY(check_adopted(options.data));
  TRY_ASSIGN(auto directory, DataDirectory::open(options.data));
  TRY_ASSIGN(auto stores,
             OpenedStores::open(context, std::move(directory), metrics, Clock::system()));
  registry::Quarantine quarantine(stores->stores(), metrics);
  return scrub::check_all(context, stores->stores(), quarantine, request,
                          [&](const scrub::Report& report) {
                            teller.tell(report);
                            return Result<void>();
                          });
}

// The server that has the directory does it: what it has in memory has to go, too.
Result<scrub::Report> ask_the_server(const Options& options, const scrub::Request& request,
                                     Teller& teller) {
  Context context("fsck");
  TRY_ASSIGN(auto meta, open_beside_server(options));
  scrub::Report report;
  TRY(do_beside_server(context, *meta, options, {scrub::kJobKind, scrub::to_json(request), "check"},
                       [&](ByteView progress) -> Result<void> {
                         TRY_ASSIGN(report, scrub::parse_report(progress));
                         teller.tell(report);
                         return {};
                       }));
  return report;
}

Result<scrub::Report> check(const Arguments& arguments) {
  TRY_ASSIGN(const Configuration configuration, configure(arguments, first_operand(arguments)));
  const Options& options = configuration.options;
  TRY(require_registry(options));
  TRY(become_owner(options.user, options.data));
  Teller teller(arguments.has("quiet"));
  const scrub::Request request{arguments.has("repair")};
  TRY_ASSIGN(auto report, is_served(options.data) ? ask_the_server(options, request, teller)
                                                  : check_here(options, request, teller));
  teller.tell_end(report);
  return report;
}

}  // namespace

int run_fsck(const Arguments& arguments) {
  const auto report = check(arguments);
  if (!report) return tell_failure(report.error());
  if (report->left > 0 || !report->losses.empty()) return kDamageLeft;
  return report->counts.mended > 0 ? kMended : 0;
}

}  // namespace entrepot::server
