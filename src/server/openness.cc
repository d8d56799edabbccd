#include "server/openness.h"

#include "server/data_directory.h"

namespace entrepot::server {

Result<Openness> decide_openness(const Configuration& configuration) {
  const Options& options = configuration.options;
  if (options.open) return Openness{true, "`open` is set"};
  if (configuration.from_registry2) {
    return Openness{true, "distribution's configuration is in use, and it asked nobody either"};
  }
  if (has_distribution_layout(options.data)) {
    return Openness{true, fmt::format("{} holds a registry of distribution's, which asked nobody "
                                      "either",
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

}  // namespace entrepot::server
