#pragma once
// api/distribution/wire.h — how failures and names look on the wire.

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/handler.h"
#include "oci/digest.h"

namespace entrepot::api::distribution {

// What was being asked for when it failed: the same ErrorCode has another name on the wire for a
// manifest than for a blob.
enum class About { Registry, Repository, Tag, Manifest, Blob, Upload, Digest, Page };

// The status and the error body (distribution-spec, "Error Codes") for `error`. A fault of ours is
// logged here with its request's id and answered without its details.
http::Response to_response(const Error& error, About about, std::string_view request_id);

// One error in the spec's form, for refusals that no Error stands behind. The message begins with
// the words that distribution has for the code.
http::Response error_response(int status, std::string_view code, std::string_view message);

// What never became a request, or found no thread for it.
http::Response refusal_response(const http::Refusal& refusal);

// A body that came more slowly than the server waits for.
http::Response too_slow(std::string_view code);

}  // namespace entrepot::api::distribution
