#pragma once
// scrub/job.h — what `entrepot fsck` asks, and what it is told: the JSON of a job.

#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "scrub/losses.h"
#include "scrub/walk.h"

namespace entrepot::scrub {

// The kind of these jobs, and the name of the lease under which one process does them.
inline constexpr std::string_view kJobKind = "fsck";

// {"repair": false}
struct Request {
  bool repair = false;  // also make anew what can be: rows from their bytes, wrong marks
};

// {"manifests": 1, "blobs": 2, "bytes": 3, "damaged": 0, "mended": 0, "unmended": 0, "left": 0,
//  "more_losses": 0, "losses": [["repository", "tag", "why"], …]}
struct Report {
  Counts counts;
  std::uint64_t left = 0;    // blobs and manifests that are damaged, from before too; rows
  std::vector<Loss> losses;  // at most kMostLosses
  std::uint64_t more_losses = 0;
};
inline constexpr std::size_t kMostLosses = 10'000;

Bytes to_json(const Request& request);
Bytes to_json(const Report& report);

// InvalidArgument for anything else than what to_json() writes; unknown fields are ignored.
Result<Request> parse_request(ByteView text);
Result<Report> parse_report(ByteView text);

// Walks over everything at full speed, then looks which tags miss something. `after_step` is told
// what was done so far, between steps; an error of it ends the work. Cancelled, Unavailable.
using AfterStep = std::function<Result<void>(const Report&)>;
Result<Report> check_all(Context& context, registry::Stores stores,
                         registry::Quarantine& quarantine, const Request& request,
                         const AfterStep& after_step);

}  // namespace entrepot::scrub
