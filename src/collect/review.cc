#include "collect/review.h"

#include <algorithm>

namespace entrepot::collect {

using meta::RepositoryId;
using oci::Digest;

namespace {

// A base layer may be in many thousand repositories: so many links are looked at in a transaction.
constexpr std::size_t kLinksPerTransaction = 256;
constexpr std::size_t kAllHolders = std::size_t{1} << 32;

enum class Link { Used, Young, Unused };

// A time that is still to come was told by a clock that has been put back since. The review has
// waited its delay from then on.
Link by_age(WallTime linked_at, const Terms& terms) {
  const bool to_come = linked_at > terms.now + registry::kClockTolerance;
  return linked_at > terms.old_before && !to_come ? Link::Young : Link::Unused;
}

// How one repository uses the blob. A directory taken over from another registry keeps manifests as
// blobs, too: such a file is used by the manifest that it is.
Result<Link> judge(const meta::Snapshot& view, RepositoryId repository, const Digest& digest,
                   WallTime linked_at, const Terms& terms) {
  TRY_ASSIGN(const bool named, is_there(view.manifests().user_of(repository, digest)));
  if (named) return Link::Used;
  // Asked so, a damaged manifest counts, too: its file may be what heals it.
  TRY_ASSIGN(const bool is_manifest, is_there(view.manifests().references(repository, digest)));
  if (is_manifest) return Link::Used;
  return by_age(linked_at, terms);
}

Result<bool> is_due(const meta::Snapshot& view, const Digest& digest, const Terms& terms) {
  TRY_ASSIGN(const auto at, if_there(view.reviews().due_at(digest)));
  return at && *at <= terms.horizon;
}

// Drops the links of those repositories that do not use the blob. `youngest` becomes the time of
// the youngest link that stays for its youth alone.
Result<void> drop_unused_links(meta::Transaction& tx, const Digest& digest,
                               std::span<const RepositoryId> holders, const Terms& terms,
                               std::optional<WallTime>& youngest) {
  const meta::Snapshot& view = tx;
  for (const RepositoryId holder : holders) {
    TRY_ASSIGN(const auto at, if_there(view.blobs().linked_at(holder, digest)));
    if (!at) continue;
    TRY_ASSIGN(const Link link, judge(view, holder, digest, *at, terms));
    if (link == Link::Unused) TRY(tx.blobs().unlink(holder, digest));
    if (link == Link::Young) youngest = youngest ? std::max(*youngest, *at) : *at;
  }
  return {};
}

}  // namespace

Terms Terms::at(WallTime now, std::chrono::microseconds delay,
                std::chrono::microseconds shortened) {
  return Terms{now, now + delay - shortened, now - shortened, delay};
}

// After the last link was looked at, in the same transaction. What a live manifest names stays,
// however the links look: a repository may name what it has no link to (a copy of a directory that
// lost some, a push that is allowed to), and the bytes may be known to no row at all.
Result<Reviewer::Fate> Reviewer::settle(meta::Transaction& tx, const Digest& digest,
                                        const Terms& terms,
                                        const std::optional<WallTime>& youngest) {
  TRY_ASSIGN(const auto holders, tx.blobs().holders(digest, 1));
  if (!holders.empty()) {
    if (youngest) {
      TRY(tx.reviews().push_back(digest, *youngest + terms.delay));
    } else {
      TRY(tx.reviews().drop(digest));
    }
    return Fate::Keep;
  }
  TRY_ASSIGN(const bool used, tx.manifests().used_anywhere(digest));
  if (used) {
    TRY(tx.reviews().push_back(digest, terms.horizon + terms.delay));
    return Fate::Keep;
  }
  TRY(is_there(tx.blobs().mark_going(digest)));
  return Fate::Remove;
}

Result<Reviewer::Fate> Reviewer::decide(Context& context, const Digest& digest,
                                        const Terms& terms) {
  TRY_ASSIGN(const auto holders, stores_.meta.view<std::vector<RepositoryId>>(
                                     context, [&](const meta::Snapshot& snapshot) {
                                       return snapshot.blobs().holders(digest, kAllHolders);
                                     }));
  std::span<const RepositoryId> left = holders;
  std::optional<WallTime> youngest;
  while (true) {
    const auto some = left.first(std::min(left.size(), kLinksPerTransaction));
    left = left.subspan(some.size());
    std::optional<WallTime> youngest_yet;  // this transaction may run more than once
    TRY_ASSIGN(const Fate fate,
               stores_.meta.transact<Fate>(context, [&](meta::Transaction& tx) -> Result<Fate> {
                 youngest_yet = youngest;
                 TRY_ASSIGN(const bool due, is_due(tx, digest, terms));
                 if (!due) return Fate::Later;
                 TRY(drop_unused_links(tx, digest, some, terms, youngest_yet));
                 return left.empty() ? settle(tx, digest, terms, youngest_yet) : Fate::Undecided;
               }));
    if (fate != Fate::Undecided) return fate;
    youngest = youngest_yet;
    TRY(context.alive());
  }
}

Result<Outcome> Reviewer::remove_bytes(Context& context, const Digest& digest) {
  Outcome outcome{Verdict::Removed};
  if (const auto stat = stores_.blobs.stat(context, digest)) outcome.freed_bytes = stat->size_bytes;
  TRY(is_there(stores_.blobs.remove(context, digest)));
  TRY(stores_.meta.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY(tx.blobs().forget(digest, stores_.even.wall()));
    return tx.reviews().drop(digest);
  }));
  return outcome;
}

Result<Outcome> Reviewer::review(Context& context, const Digest& digest, const Terms& terms) {
  const MutexLock lock(stores_.locks.of(digest));
  TRY_ASSIGN(const Fate fate, decide(context, digest, terms));
  if (fate == Fate::Remove) return remove_bytes(context, digest);
  return Outcome{fate == Fate::Later ? Verdict::Later : Verdict::Kept};
}

Result<Outcome> Reviewer::foresee(Context& context, const Digest& digest, const Terms& terms,
                                  const Gone& gone) {
  const bool free = gone.sets_free(digest);
  TRY_ASSIGN(
      const Verdict verdict,
      stores_.meta.view<Verdict>(context, [&](const meta::Snapshot& snapshot) -> Result<Verdict> {
        const meta::Snapshot& view = snapshot;
        TRY_ASSIGN(const bool due, is_due(view, digest, terms));
        if (!due && !free) return Verdict::Later;
        TRY_ASSIGN(const auto holders, view.blobs().holders(digest, kAllHolders));
        for (const RepositoryId holder : holders) {
          TRY_ASSIGN(const auto at, if_there(view.blobs().linked_at(holder, digest)));
          if (!at) continue;
          Link link = by_age(*at, terms);
          if (!free) {
            TRY_ASSIGN(link, judge(view, holder, digest, *at, terms));
          }
          if (link != Link::Unused) return Verdict::Kept;
        }
        if (free) return Verdict::Removed;
        TRY_ASSIGN(const bool used, view.manifests().used_anywhere(digest));
        return used ? Verdict::Kept : Verdict::Removed;
      }));
  Outcome outcome{verdict};
  if (verdict == Verdict::Removed) {
    if (const auto stat = stores_.blobs.stat(context, digest)) {
      outcome.freed_bytes = stat->size_bytes;
    }
  }
  return outcome;
}

}  // namespace entrepot::collect
