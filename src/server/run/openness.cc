#include "server/run/openness.h"

#include <algorithm>

#include "server/run/answer_headers.h"

namespace entrepot::server {
namespace {

bool listens_on_loopback_alone(const Options& options) {
  return std::all_of(options.http_listen.begin(), options.http_listen.end(),
                     [](const ListenAddress& address) { return address.loopback(); });
}

}  // namespace

Openness decide_openness(const Configuration& configuration) {
  const Options& options = configuration.options;
  if (!options.auth_htpasswd.empty()) return {auth::Reach::ThisMachine, "", true};
  if (options.open) return {auth::Reach::Everybody, "`open` is set"};
  if (configuration.from_registry2) {
    return {auth::Reach::Everybody,
            "distribution's configuration is in use, and it asked nobody either"};
  }
  Openness openness;
  openness.needs_account = !listens_on_loopback_alone(options);
  return openness;
}

auth::OpenMode::Options door_options(const Options& options, auth::Reach reach) {
  auth::OpenMode::Options out;
  out.reach = reach;
  out.own_names = options.names;
  out.names_are_complete = !options.names.empty();
  if (const auto host = auth::host_of_url(options.http_host); !host.empty()) {
    out.own_names.emplace_back(host);
  }
  out.origins = options.http_origins;
  for (std::string& origin : allowed_origins(options.http_headers)) {
    if (auth::is_origin(origin)) out.origins.push_back(std::move(origin));
  }
  return out;
}

std::vector<std::string> door_warnings(const Options& options, const Openness& openness) {
  std::vector<std::string> warnings;
  if (openness.reach == auth::Reach::Everybody) {
    warnings.push_back(fmt::format(
        "open as long as there are no accounts: whoever reaches this server may push, pull and "
        "delete, because {}{}",
        openness.why,
        options.names.empty() ? ". Set `names` to the host names under which it is "
                                "reached, and no other name is answered"
                              : ""));
  }
  const auto allowed = allowed_origins(options.http_headers);
  for (const std::string& origin : allowed) {
    if (!auth::is_origin(origin)) {
      warnings.push_back(
          fmt::format("http.headers: Access-Control-Allow-Origin: \"{}\" is no origin such as "
                      "https://ui.example.com, so it lets no page in",
                      origin));
    }
  }
  const auto is_every = [](const std::string& origin) { return origin == "*"; };
  if (std::any_of(allowed.begin(), allowed.end(), is_every) ||
      std::any_of(options.http_origins.begin(), options.http_origins.end(), is_every)) {
    warnings.push_back(
        "Access-Control-Allow-Origin (or http.origins) is *: every web page that somebody who "
        "reaches this server looks at may push, pull and delete here; name the pages instead");
  }
  return warnings;
}

}  // namespace entrepot::server
