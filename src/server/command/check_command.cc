// `entrepot check`: what a configuration means, and whether a server would start with it.
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/core.h>

#include "server/command/checks.h"
#include "server/command/commands.h"
#include "server/configure/resolve.h"
#include "server/host/privileges.h"
#include "server/run/openness.h"

namespace entrepot::server {
namespace {

// Each option that somebody set, or every one: its value, and who set it.
void print_values(const Configuration& configuration, bool all) {
  struct Line {
    std::string_view option;
    std::string value, origin;
  };
  std::vector<Line> lines;
  std::size_t widest = 0;
  for (const Option& option : option_table()) {
    const auto set = configuration.origins.find(&option);
    if (set == configuration.origins.end() && !all) continue;
    lines.push_back({option.path, value_text(option, configuration.options),
                     set == configuration.origins.end() ? "default" : set->second});
    widest = std::max(widest, option.path.size());
  }
  for (const Line& line : lines) {
    fmt::print("{:<{}}  {}  ({})\n", line.option, widest, line.value, line.origin);
  }
  if (lines.empty()) fmt::print("every option has its default; --all lists them\n");
}

// In the order of a start: what root does, then what is left to its user. Which is why nothing
// below may be moved behind the change of user.
Findings look(Configuration configuration) {
  Findings findings;
  for (const std::string& warning : configuration.warnings) findings.warning("{}", warning);
  Options& options = configuration.options;
  if (const auto resolved = resolve_names(options); !resolved) {
    findings.error("{}", resolved.error().message);
  }
  const Openness openness = decide_openness(configuration);
  for (const std::string& text : door_warnings(options, openness)) findings.warning("{}", text);
  if (openness.needs_account) {
    findings.ok("other machines reach it: it asks who somebody is (accounts; or say --open)");
  }
  const auto account = account_to_become(options.user);
  if (!account) {
    findings.error("{}", account.error().message);
    return findings;
  }
  check_certificate(options, Clock::system().wall(), findings);
  check_addresses(options, findings);
  check_open_files(options, findings);
  check_data_contents(options, *account, findings);
  if (*account) {
    if (const auto gone = give_root_up(**account); !gone) {
      findings.error("{}", gone.error().message);
      return findings;
    }
  } else if (::geteuid() == 0) {
    findings.warning(
        "user: the server would run as root; name a user (--user NAME, ENTREPOT_USER)");
  }
  check_data_access(options, *account, findings);
  check_certificate_reload(options, findings);
  check_upstreams(options, findings);
  return findings;
}

std::string_view word_of(Level level) {
  if (level == Level::Ok) return "ok";
  return level == Level::Warning ? "warning" : "error";
}

}  // namespace

int run_check(const Arguments& arguments) {
  auto configuration = read_configuration(arguments, first_operand(arguments));
  Findings findings;
  if (configuration) {
    print_values(*configuration, arguments.has("all"));
    fmt::print("\n");
    findings = look(*std::move(configuration));
  } else {
    findings.error("{}", configuration.error().message);
  }
  const auto& all = findings.all();
  for (const Finding& finding : all) {
    fmt::print("{:<8} {}\n", word_of(finding.level), finding.text);
  }
  const bool starts = std::none_of(
      all.begin(), all.end(), [](const Finding& finding) { return finding.level == Level::Error; });
  return starts ? 0 : 1;
}

}  // namespace entrepot::server
