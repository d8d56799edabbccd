#pragma once
// api/distribution/upstream.h — what requests for another registry's repositories have in common.

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api/distribution/call.h"

namespace entrepot::api::distribution {

// The other registry that the repository is of; null for one of ours.
registry::UpstreamSource* upstream_of(const Call& call);

// A handler's reply where `on_upstream` is not set: the same request once more, with it.
http::Reply again_on_upstream(const Call& call);

// The answer when an upstream did not give what was asked for. Its faults, its limits, its silence
// and what it has that is not valid are 503 with Retry-After: clients that know another place go on
// to it at once, which they do not for a 429. Never 404 for a fault. The address that the upstream
// is asked under, and what it said, are in the log alone.
http::Response upstream_error(const Call& call, const Error& error, About about);

// What is told of a manifest: nothing more, or that it may be old.
struct Told {
  std::optional<SteadyTime> until;  // it may be told from memory
  std::string warning;
};
// Sees to it that what the upstream has now under this reference is here. A reply instead: to be
// asked again elsewhere, or an error.
std::variant<Told, http::Reply> refresh(Context& context, const Call& call,
                                        const oci::Reference& reference);

// "Warning: 299", for people who wonder.
void warn(http::Response& response, std::string_view text);

// A push into what another registry has.
http::Response refuse_push_to_upstream(std::string_view repository);

}  // namespace entrepot::api::distribution
