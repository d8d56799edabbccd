#pragma once
// collect/review.h — one blob before the collector: does anybody still need it?

#include <chrono>
#include <optional>
#include <span>

#include "collect/foresight.h"
#include "registry/clock_watch.h"
#include "registry/stores.h"

namespace entrepot::collect {

// By which times a pass judges. Fixed when it begins, so that what it puts back does not come up
// again in the same pass. All of them by Stores::even, as are the stamps that they judge.
struct Terms {
  WallTime now;
  WallTime horizon;                 // reviews due until then are due
  WallTime old_before;              // what was linked, pushed or deleted later is too young
  std::chrono::microseconds delay;  // how far what has to wait is put back

  // As a review delay of `delay` asks, or as if it had been only `shortened`.
  static Terms at(WallTime now, std::chrono::microseconds delay,
                  std::chrono::microseconds shortened);
};

enum class Verdict {
  Later,    // not due any more: somebody pushed, mounted or asked for it
  Kept,     // needed, or possibly needed soon
  Removed,  // its bytes are gone
};

struct Outcome {
  Verdict verdict = Verdict::Later;
  std::uint64_t freed_bytes = 0;
};

// Decides about one blob and carries it out. Thread-safe; blocks.
class Reviewer {
 public:
  explicit Reviewer(registry::Stores stores) : stores_(stores) {}

  // Drops the blob's link from each repository where no live manifest names it; when no repository
  // has it any more, and no live manifest of any names it, removes its bytes. Every step may be the
  // last one (a crash, an error): the review stays in the queue until all is done, and a later call
  // goes on from there.
  //
  // Excludes the commit of a push of the same digest (DigestLocks). What is dropped is looked at
  // again inside the transaction that drops it, so a manifest that was acknowledged before never
  // loses a blob, and one that comes later is refused.
  Result<Outcome> review(Context& context, const oci::Digest& digest, const Terms& terms);

  // What review() would do now; changes nothing. With `gone`, as if those manifests were deleted:
  // then what they set free is due, whether it waits for a review or not.
  Result<Outcome> foresee(Context& context, const oci::Digest& digest, const Terms& terms,
                          const Gone& gone = {});

 private:
  enum class Fate { Undecided, Later, Keep, Remove };

  // The repositories that are looked at in one go.
  struct Links {
    std::span<const meta::RepositoryId> some;
    bool are_last = false;
    std::optional<WallTime> youngest;  // so far, of the links that stay for their youth alone
  };
  struct Judgement;
  static Verdict verdict_of(Fate fate);

  // The one judgement of review(), which carries it out in the same transaction, and of foresee().
  static Result<Judgement> judge(const meta::Snapshot& view, const oci::Digest& digest,
                                 const Terms& terms, const Gone& gone, Links& links);
  static Result<void> carry_out(meta::Transaction& tx, const oci::Digest& digest,
                                const Judgement& judgement);
  Result<Fate> decide(Context& context, const oci::Digest& digest, const Terms& terms);
  Result<Outcome> remove_bytes(Context& context, const oci::Digest& digest);

  const registry::Stores stores_;
};

}  // namespace entrepot::collect
