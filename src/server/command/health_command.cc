// `entrepot health`: for probes. Reads no file of the server's, writes nothing.
#include <algorithm>
#include <cstdio>

#include <fmt/core.h>

#include "server/command/commands.h"
#include "server/options/environment.h"
#include "server/run/probe.h"

namespace entrepot::server {
namespace {

constexpr std::chrono::milliseconds kPatience{
    4000};  // Kubernetes gives a probe one second, or more

struct Directory {
  std::string path;       // what a server without a configuration file would have here
  bool is_named = false;  // by a flag or a variable
};

Result<Directory> directory_of(const Arguments& arguments) {
  const Environment variables = process_environment();
  TRY_ASSIGN(auto environment, read_environment(variables));
  Directory directory{runs_in_own_image(variables) ? kImageData : initial_options().data};
  std::vector<Setting> settings = std::move(environment.settings);
  settings.insert(settings.end(), arguments.settings.begin(), arguments.settings.end());
  for (const Setting& setting : settings) {
    if (setting.option->path != "data" || setting.values.front().empty()) continue;
    directory = {setting.values.front(), true};
  }
  return directory;
}

// The one with the named directory; without one the only server that runs here, or of several the
// one with the usual directory.
Result<std::string> find_server(const Arguments& arguments) {
  TRY_ASSIGN(const auto running, running_probes());
  if (running.empty()) return fail(ErrorCode::NotFound, "no server runs here");
  TRY_ASSIGN(const Directory directory, directory_of(arguments));
  if (!directory.is_named && running.size() == 1) return running.front();
  const auto name = probe_name(directory.path);
  if (name && std::find(running.begin(), running.end(), *name) != running.end()) return *name;
  if (!directory.is_named) {
    return fail(ErrorCode::InvalidArgument, "{} servers run here: say which, with --data",
                running.size());
  }
  return fail(ErrorCode::NotFound, "{}: no server that runs here has it", directory.path);
}

Result<void> ask(const Arguments& arguments) {
  const bool ready = arguments.has("ready");
  TRY_ASSIGN(const std::string name, find_server(arguments));
  TRY_ASSIGN(const int status, ask_probe(name, ready ? "/readyz" : "/healthz", kPatience));
  if (status == 200) return {};
  return fail(ErrorCode::Unavailable, "the server is not {}", ready ? "ready" : "well");
}

}  // namespace

int run_health(const Arguments& arguments) {
  const auto asked = ask(arguments);
  if (!asked) return tell_failure(asked.error());
  fmt::print("{}\n", arguments.has("ready") ? "ready" : "alive");
  return 0;
}

}  // namespace entrepot::server
