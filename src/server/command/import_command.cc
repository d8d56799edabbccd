// `entrepot import` and `entrepot export`: coming from a distribution registry, and going back.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/core.h>

#include "file/error.h"
#include "import/export.h"
#include "server/command/beside_server.h"
#include "server/command/commands.h"
#include "server/host/privileges.h"
#include "server/run/adoption.h"

namespace entrepot::server {
namespace {

constexpr mode_t kOthersRead = 022;

Result<void> import_here(const Arguments& arguments) {
  TRY_ASSIGN(const Configuration configuration, configure(arguments, first_operand(arguments)));
  const Options& options = configuration.options;
  if (::access(options.data.c_str(), F_OK) != 0) {
    return file::refused(errno, "no registry in {}: looking at it", options.data);
  }
  TRY(become_owner(options.user, options.data));
  if (check_adopted(options.data)) {
    fmt::print("{}: there is nothing to take over\n", options.data);
    return {};
  }
  Context context("import");
  metrics::Registry metrics;
  TRY_ASSIGN(auto directory, DataDirectory::open(options.data));
  TRY_ASSIGN(auto stores,
             OpenedStores::open(context, std::move(directory), metrics, Clock::system()));
  return adopt_if_needed(context, options, *stores);
}

// Into the data directory itself, unless another one is named.
Result<void> export_here(const Arguments& arguments) {
  TRY_ASSIGN(const Configuration configuration, configure(arguments, std::nullopt));
  const Options& options = configuration.options;
  TRY(require_registry(options));
  TRY(become_owner(options.user, options.data));
  Context context("export");
  metrics::Registry metrics;
  TRY_ASSIGN(auto directory, DataDirectory::open(options.data));
  TRY_ASSIGN(auto stores,
             OpenedStores::open(context, std::move(directory), metrics, Clock::system()));
  const registry::Stores opened = stores->stores();
  import::ExportReport report;
  {
    import::ProgressDisplay display(STDERR_FILENO, opened.clock);
    import::Export::Options export_options;
    export_options.target = first_operand(arguments).value_or(options.data);
    std::error_code ignored;  // a target that is not there is another one
    export_options.in_place =
        std::filesystem::equivalent(export_options.target, options.data, ignored);
    export_options.progress = [&](const import::Progress& progress) { display.show(progress); };
    import::Export going_back(opened.blobs, opened.meta, std::move(export_options));
    // The old server, which may be another user, reads what is written here.
    ::umask(kOthersRead);
    TRY_ASSIGN(report, going_back.run(context));
  }
  fmt::print("written: {}\n", import::to_text(report));
  return {};
}

}  // namespace

int run_import(const Arguments& arguments) {
  const auto done = import_here(arguments);
  return done ? 0 : tell_failure(done.error());
}

int run_export(const Arguments& arguments) {
  const auto done = export_here(arguments);
  return done ? 0 : tell_failure(done.error());
}

}  // namespace entrepot::server
