// `entrepot import`: taking over a distribution registry's directory without serving it.
#include <fmt/core.h>

#include "server/adoption.h"
#include "server/commands.h"
#include "server/privileges.h"

namespace entrepot::server {
namespace {

Result<void> import_here(const Arguments& arguments) {
  TRY_ASSIGN(const Configuration configuration, configure(arguments));
  const Options& options = configuration.options;
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

}  // namespace

int run_import(const Arguments& arguments) {
  const auto done = import_here(arguments);
  return done ? 0 : tell_failure(done.error());
}

}  // namespace entrepot::server
