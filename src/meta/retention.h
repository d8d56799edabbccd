#pragma once
// meta/retention.h — the end of what else would only grow.

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "meta/rows.h"

namespace entrepot::meta {

// The end of what else would only grow. Each call handles at most `limit` rows, found by an index,
// so that others who write are not held up; who wants more calls again.
class Retention {
 public:
  virtual ~Retention() = default;

  struct Counts {
    std::int64_t repositories = 0;        // that hold a manifest
    std::int64_t empty_repositories = 0;  // and are still found
    std::int64_t dropped_links = 0;       // whose bytes are gone
    std::int64_t journal_entries = 0;
    std::int64_t jobs = 0;
    std::int64_t ended_uploads = 0;
  };
  // Reads whole indexes: for gauges, now and then.
  virtual Result<Counts> counts() const = 0;

  // Which of the next `limit` entries of the journal after `after` (0: from the start) nobody
  // needs: older than `before`, not among the newest of their tag, read by every known reader. What
  // is not needed now never will be, so they may be dropped in a later transaction.
  struct OldEntries {
    std::vector<std::int64_t> sequences;
    std::optional<std::int64_t> next;  // from where to go on; none: all that is old was looked at
  };
  virtual Result<OldEntries> old_entries(WallTime before, std::int64_t after,
                                         std::size_t limit) const = 0;
  virtual Result<void> drop_entries(const std::vector<std::int64_t>& sequences) = 0;

  // Dropped links whose bytes went before `before`: the repository has then never had them. Returns
  // how many went, as do the others.
  virtual Result<std::size_t> forget_links(WallTime before, std::size_t limit) = 0;

  // Jobs that finished before `before`, but for the newest kJobsKept of a kind.
  virtual Result<std::size_t> forget_jobs(WallTime before, std::size_t limit) = 0;
  static constexpr std::int64_t kJobsKept = 100;

  // Repositories that are empty for kEmptyStays by `now`: no find() sees them any more, and a push
  // makes them anew. One where blobs are still linked is looked at again at `again`. One that a
  // dropped link or a removed manifest still speaks of keeps its row for kGoneIsKnown after that,
  // so that a new one of the name knows what it had and lost; then its dropped links go, and it
  // with the last of them. Returns how many were looked at.
  virtual Result<std::size_t> expire_repositories(WallTime now, WallTime again,
                                                  std::size_t limit) = 0;
  static constexpr std::chrono::hours kGoneIsKnown{24 * 7};
};

}  // namespace entrepot::meta
