#pragma once
// collect/sweep.h — finds bytes that no repository has and that nobody is about to look at.

#include <optional>
#include <vector>

#include "registry/stores.h"

namespace entrepot::collect {

// Walks the blob store in ascending order of digest, a few blobs at each step, and compares it with
// the metadata. What no repository has, no live manifest names and no review waits for is a stray:
// a crash between the file and its row left it, or another registry whose directory was taken over.
//
// A stray is queued for review, never removed here, so a push that is just between its file and its
// row loses nothing. The place of the walk is not kept over a restart: the next one begins anew.
// Not thread-safe; blocks.
class Sweeper {
 public:
  explicit Sweeper(registry::Stores stores) : stores_(stores) {}

  // The strays among the next `limit` blobs.
  Result<std::vector<blob::Stored>> next(Context& context, std::size_t limit);

  // Did the last step reach the end? The next one begins from the start.
  bool at_end() const { return !after_; }

  // Queues them, unless somebody took them on meanwhile.
  Result<void> queue(Context& context, const std::vector<blob::Stored>& strays, WallTime due_at);

 private:
  const registry::Stores stores_;
  std::optional<oci::Digest> after_;
};

}  // namespace entrepot::collect
