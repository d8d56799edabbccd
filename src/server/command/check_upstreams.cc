#include <chrono>

#include "server/command/checks.h"
#include "server/run/upstreams.h"

namespace entrepot::server {
namespace {

constexpr std::chrono::seconds kPatience{10};

}  // namespace

void check_upstreams(const Options& options, Findings& findings) {
  const auto upstreams = make_upstreams(options, Clock::system());
  if (!upstreams) {
    findings.error("mirror: {}", upstreams.error().message);
    return;
  }
  for (const mirror::Upstream& upstream : *upstreams) {
    const std::string& name = upstream.name.name;
    if (options.mirror_offline) {
      findings.ok("mirror: {} is not asked (mirror.offline)", name);
      continue;
    }
    Context context("check", Clock::system().steady() + kPatience);
    const auto answer = upstream.registry->ping(context);
    if (answer) {
      findings.ok("mirror: {} answers", name);
    } else {
      findings.warning("mirror: {}: {}. The server starts all the same, and serves what it has",
                       name, answer.error().message);
    }
  }
}

}  // namespace entrepot::server
