#include "server/run/openness.h"

#include <algorithm>

#include "server/run/answer_headers.h"
#include "server/run/data_directory.h"

namespace entrepot::server {
namespace {

bool listens_on_loopback_alone(const Options& options) {
  return std::all_of(options.http_listen.begin(), options.http_listen.end(),
                     [](const ListenAddress& address) { return address.loopback(); });
}

}  // namespace

Result<Openness> decide_openness(const Configuration& configuration) {
  const Options& options = configuration.options;
  if (options.open) return Openness{auth::Reach::Everybody, "`open` is set"};
  if (configuration.from_registry2) {
    return Openness{auth::Reach::Everybody,
                    "distribution's configuration is in use, and it asked nobody either"};
  }
  if (has_distribution_layout(options.data)) {
    return Openness{auth::Reach::Adopted,
                    fmt::format("{} holds a registry of distribution's, which asked nobody either",
                                options.data)};
  }
  for (const ListenAddress& address : options.http_listen) {
    if (address.loopback()) continue;
    return fail(
        ErrorCode::Denied,
        "http.listen: {} can be reached from other machines, and without accounts everybody "
        "there could push and delete. Listen on loopback (127.0.0.1:{}), or, if that is "
        "what you want, say --open (ENTREPOT_OPEN=1)",
        to_string(address), address.port);
  }
  return Openness{};
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
  const bool reachable =
      openness.reach == auth::Reach::Everybody ||
      (openness.reach == auth::Reach::Adopted && !listens_on_loopback_alone(options));
  if (reachable) {
    warnings.push_back(fmt::format(
        "open: whoever reaches this server may push, pull and delete, because {}{}", openness.why,
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
