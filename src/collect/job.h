#pragma once
// collect/job.h — what `entrepot gc` asks of the collector, and what it is told: the JSON of a job.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace entrepot::collect {

// The kind of these jobs, and the name of the lease under which one process works at a time.
inline constexpr std::string_view kJobKind = "collect";

// {"delay_seconds": 3600, "dry_run": false, "delete_untagged": false}; each may be absent.
struct Request {
  std::optional<std::chrono::seconds> delay;  // instead of the configured one, if that is longer
  bool dry_run = false;                       // tell what would go, change nothing
  bool delete_untagged = false;               // first delete manifests that no tag leads to
};

// What was done so far. The same in JSON, in this order, under these names.
struct Progress {
  std::uint64_t untagged = 0;  // manifests deleted because no tag leads to them
  std::uint64_t reviewed = 0;  // blobs looked at
  std::uint64_t kept = 0;
  std::uint64_t removed = 0;  // blobs whose bytes are gone
  std::uint64_t freed_bytes = 0;
  std::uint64_t failed = 0;  // put back after an error, which is in the log
  std::uint64_t left = 0;    // blobs that wait for a review, due or not
};

Bytes to_json(const Request& request);
Bytes to_json(const Progress& progress);

// InvalidArgument for anything else than what to_json() writes; unknown fields are ignored.
Result<Request> parse_request(ByteView text);
Result<Progress> parse_progress(ByteView text);

}  // namespace entrepot::collect
