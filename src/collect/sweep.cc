#include "collect/sweep.h"

namespace entrepot::collect {
namespace {

Result<bool> is_stray(const meta::Snapshot& view, const oci::Digest& digest) {
  TRY_ASSIGN(const auto holders, view.blobs().holders(digest, 1));
  if (!holders.empty()) return false;
  TRY_ASSIGN(const bool waiting, view.reviews().contains(digest));
  if (waiting) return false;
  TRY_ASSIGN(const bool used, view.manifests().used_anywhere(digest));
  return !used;
}

}  // namespace

Result<std::vector<blob::Stored>> Sweeper::next(Context& context, std::size_t limit) {
  std::vector<blob::Stored> found;
  TRY(stores_.blobs.list(context, after_, [&](const blob::Stored& stored) {
    found.push_back(stored);
    return found.size() < limit;
  }));
  TRY_ASSIGN(auto strays,
             stores_.meta.view<std::vector<blob::Stored>>(
                 context, [&](const meta::Snapshot& snapshot) -> Result<std::vector<blob::Stored>> {
                   std::vector<blob::Stored> nobodys;
                   for (const blob::Stored& stored : found) {
                     TRY_ASSIGN(const bool stray, is_stray(snapshot, stored.digest));
                     if (stray) nobodys.push_back(stored);
                   }
                   return nobodys;
                 }));
  after_ = found.size() < limit ? std::nullopt : std::optional(found.back().digest);
  return strays;
}

Result<void> Sweeper::queue(Context& context, const std::vector<blob::Stored>& strays,
                            WallTime due_at) {
  if (strays.empty()) return {};
  const auto queue = [&](meta::Transaction& tx) -> Result<void> {
    for (const blob::Stored& stored : strays) {
      TRY_ASSIGN(const bool stray, is_stray(tx, stored.digest));
      if (stray) TRY(tx.reviews().push_back(stored.digest, due_at));
    }
    return {};
  };
  return stores_.meta.write(context, {queue, meta::Weight::Large});
}

}  // namespace entrepot::collect
