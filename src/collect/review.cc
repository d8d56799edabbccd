#include "collect/review.h"

#include <algorithm>
#include <vector>

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

// How one repository uses the blob, were those manifests gone. A directory taken over from another
// registry keeps manifests as blobs, too: such a file is used by the manifest that it is.
Result<Link> judge_link(const meta::Snapshot& view, RepositoryId repository, const Digest& digest,
                        WallTime linked_at, const Terms& terms, const Gone& gone) {
  if (!gone.sets_free(digest)) {
    TRY_ASSIGN(const bool named, is_there(view.manifests().user_of(repository, digest)));
    if (named) return Link::Used;
  }
  if (!gone.has(repository, digest)) {
    // Asked so, a damaged manifest counts, too: its file may be what heals it.
    TRY_ASSIGN(const bool is_manifest, is_there(view.manifests().references(repository, digest)));
    if (is_manifest) return Link::Used;
  }
  return by_age(linked_at, terms);
}

Result<bool> is_due(const meta::Snapshot& view, const Digest& digest, const Terms& terms) {
  TRY_ASSIGN(const auto at, if_there(view.reviews().due_at(digest)));
  return at && *at <= terms.horizon;
}

}  // namespace

Terms Terms::at(WallTime now, std::chrono::microseconds delay,
                std::chrono::microseconds shortened) {
  return Terms{now, now + delay - shortened, now - shortened, delay};
}

Verdict Reviewer::verdict_of(Fate fate) {
  if (fate == Fate::Later) return Verdict::Later;
  return fate == Fate::Remove ? Verdict::Removed : Verdict::Kept;
}

struct Reviewer::Judgement {
  Fate fate = Fate::Undecided;
  std::vector<RepositoryId> unlink;   // those of `some` that do not use it
  std::optional<WallTime> review_at;  // when it is kept: when to look again; none: no more
};

// What a live manifest names stays, however the links look: a repository may name what it has no
// link to (a copy of a directory that lost some, a push that is allowed to), and the bytes may be
// known to no row at all.
Result<Reviewer::Judgement> Reviewer::judge(const meta::Snapshot& view, const Digest& digest,
                                            const Terms& terms, const Gone& gone, Links& links) {
  const bool set_free = gone.sets_free(digest);
  Judgement judgement;
  TRY_ASSIGN(const bool due, is_due(view, digest, terms));
  if (!due && !set_free) {
    judgement.fate = Fate::Later;
    return judgement;
  }
  for (const RepositoryId holder : links.some) {
    TRY_ASSIGN(const auto at, if_there(view.blobs().linked_at(holder, digest)));
    if (!at) continue;
    TRY_ASSIGN(const Link link, judge_link(view, holder, digest, *at, terms, gone));
    if (link == Link::Unused) judgement.unlink.push_back(holder);
    if (link == Link::Young) links.youngest = std::max(links.youngest.value_or(*at), *at);
  }
  if (!links.are_last) return judgement;
  // Links that stay, or came since they were listed.
  const std::size_t going = judgement.unlink.size();
  TRY_ASSIGN(const auto holders, view.blobs().holders(digest, going + 1));
  const bool is_linked = holders.size() > going;
  bool is_named = false;
  if (!is_linked && !set_free) {
    TRY_ASSIGN(is_named, view.manifests().used_anywhere(digest));
  }
  judgement.fate = is_linked || is_named ? Fate::Keep : Fate::Remove;
  if (is_named) judgement.review_at = terms.horizon + terms.delay;
  if (is_linked && links.youngest) judgement.review_at = *links.youngest + terms.delay;
  return judgement;
}

Result<void> Reviewer::carry_out(meta::Transaction& tx, const Digest& digest,
                                 const Judgement& judgement) {
  for (const RepositoryId holder : judgement.unlink) TRY(tx.blobs().unlink(holder, digest));
  if (judgement.fate == Fate::Remove) TRY(is_there(tx.blobs().mark_going(digest)));
  if (judgement.fate != Fate::Keep) return {};
  if (judgement.review_at) return tx.reviews().push_back(digest, *judgement.review_at);
  return tx.reviews().drop(digest);
}

Result<Reviewer::Fate> Reviewer::decide(Context& context, const Digest& digest,
                                        const Terms& terms) {
  TRY_ASSIGN(const auto all, stores_.meta.view<std::vector<RepositoryId>>(
                                 context, [&](const meta::Snapshot& snapshot) {
                                   return snapshot.blobs().holders(digest, kAllHolders);
                                 }));
  std::span<const RepositoryId> left = all;
  Links links;
  while (true) {
    links.some = left.first(std::min(left.size(), kLinksPerTransaction));
    left = left.subspan(links.some.size());
    links.are_last = left.empty();
    Links looked_at;
    TRY_ASSIGN(const Fate fate,
               stores_.meta.transact<Fate>(context, [&](meta::Transaction& tx) -> Result<Fate> {
                 looked_at = links;  // this transaction may run more than once
                 TRY_ASSIGN(const auto judgement, judge(tx, digest, terms, {}, looked_at));
                 TRY(carry_out(tx, digest, judgement));
                 return judgement.fate;
               }));
    if (fate != Fate::Undecided) return fate;
    links.youngest = looked_at.youngest;
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
  return Outcome{verdict_of(fate)};
}

// In one look, however many links there are: it holds nobody up.
Result<Outcome> Reviewer::foresee(Context& context, const Digest& digest, const Terms& terms,
                                  const Gone& gone) {
  const auto look = [&](const meta::Snapshot& snapshot) -> Result<Fate> {
    TRY_ASSIGN(const auto all, snapshot.blobs().holders(digest, kAllHolders));
    Links links{all, true, std::nullopt};
    TRY_ASSIGN(const auto judgement, judge(snapshot, digest, terms, gone, links));
    return judgement.fate;
  };
  TRY_ASSIGN(const Fate fate, stores_.meta.view<Fate>(context, look));
  Outcome outcome{verdict_of(fate)};
  if (fate != Fate::Remove) return outcome;
  if (const auto stat = stores_.blobs.stat(context, digest)) outcome.freed_bytes = stat->size_bytes;
  return outcome;
}

}  // namespace entrepot::collect
