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

// The data directory, where flags or environment name it: enough to tell one server from another.
Result<std::string> named_directory(const Arguments& arguments) {
  TRY_ASSIGN(auto environment, read_environment(process_environment()));
  std::vector<Setting> settings = std::move(environment.settings);
  settings.insert(settings.end(), arguments.settings.begin(), arguments.settings.end());
  std::string directory;
  for (const Setting& setting : settings) {
    if (setting.option->path == "data") directory = setting.values.front();
  }
  return directory;
}

// The one server that runs here, or the one with the named directory.
Result<std::string> find_server(const Arguments& arguments) {
  TRY_ASSIGN(const auto running, running_probes());
  if (running.empty()) return fail(ErrorCode::NotFound, "no server runs here");
  TRY_ASSIGN(const std::string directory, named_directory(arguments));
  if (directory.empty() && running.size() == 1) return running.front();
  if (directory.empty()) {
    return fail(ErrorCode::InvalidArgument, "{} servers run here: say which, with --data",
                running.size());
  }
  TRY_ASSIGN(const std::string name, probe_name(directory));
  if (std::find(running.begin(), running.end(), name) != running.end()) return name;
  return fail(ErrorCode::NotFound, "{}: no server that runs here has it", directory);
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
