#include <cstdio>

#include <fmt/core.h>

#include "base/log.h"
#include "base/memory.h"
#include "server/command/commands.h"
#include "server/host/process.h"
#include "server/host/service_manager.h"
#include "server/host/signals.h"
#include "server/run/running_server.h"

namespace entrepot::server {

int run_serve(const Arguments& arguments) {
  return_freed_memory();
  Context starting("start");
  Signals signals([&] { starting.cancel(); });
  const auto configuration = configure(arguments, first_operand(arguments));
  if (!configuration) return tell_failure(configuration.error());

  auto server = RunningServer::start(starting, *configuration, Clock::system());
  if (!server && starting.cancelled()) return 0;
  if (!server) return tell_failure(server.error());

  for (const std::string& url : (*server)->urls()) fmt::print("listening on {}\n", url);
  std::fflush(stdout);
  tell_service_manager(kReady);
  while (signals.next() == Signals::Event::Reload) {
    // Without memory the old pair stays until the next signal.
    static_cast<void>(had_memory([&] { (*server)->reload_certificate(); }));
  }
  tell_service_manager(kStopping);
  log::info("stopping");
  (*server)->stop();
  server->reset();
  log::info("stopped");
  return 0;
}

}  // namespace entrepot::server
