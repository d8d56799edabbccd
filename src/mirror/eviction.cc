#include "mirror/eviction.h"

#include <algorithm>

#include "base/log.h"

namespace entrepot::mirror {

using oci::Digest;
using oci::RepositoryName;

namespace {

constexpr std::size_t kNamesAtOnce = 100;
constexpr std::size_t kManifestsAtOnce = 200;
constexpr std::chrono::milliseconds kPause{5};
constexpr std::chrono::hours kInterval{1};

// Was the manifest used last before then, and is it not there as a part of another one?
Result<bool> is_old(const meta::Snapshot& snapshot, const meta::Manifest& manifest,
                    WallTime before) {
  if (manifest.pushed_at >= before) return false;
  TRY_ASSIGN(const meta::PullCount pulls,
             snapshot.pulls().of(manifest.repository, manifest.digest));
  if (pulls.last_at && *pulls.last_at >= before) return false;
  TRY_ASSIGN(const bool is_listed,
             is_there(snapshot.manifests().user_of(manifest.repository, manifest.digest)));
  return !is_listed;
}

}  // namespace

Result<Eviction::Page> Eviction::look(Context& context, const RepositoryName& name, WallTime before,
                                      const std::optional<Digest>& after) const {
  return stores_.meta.view<Page>(context, [&](const meta::Snapshot& snapshot) -> Result<Page> {
    Page page;
    TRY_ASSIGN(const auto repository, if_there(snapshot.repositories().find(name)));
    if (!repository || repository->archived) return page;
    TRY_ASSIGN(const auto manifests,
               snapshot.manifests().list(repository->id, after, kManifestsAtOnce));
    for (const meta::Manifest& manifest : manifests) {
      TRY_ASSIGN(const bool old, is_old(snapshot, manifest, before));
      if (old) page.old.push_back(manifest.digest);
    }
    if (manifests.size() == kManifestsAtOnce) page.last = manifests.back().digest;
    return page;
  });
}

// Looked at again in the transaction: it may have been pulled, or named, since.
Result<bool> Eviction::remove(Context& context, const RepositoryName& name, const Digest& digest,
                              WallTime before) {
  bool old = true;
  const auto check = [&](meta::Transaction& tx, meta::RepositoryId repository) -> Result<void> {
    TRY_ASSIGN(const meta::Manifest manifest, tx.manifests().find(repository, digest));
    TRY_ASSIGN(old, is_old(tx, manifest, before));
    return old ? Result<void>() : fail(ErrorCode::Conflict, "in use");
  };
  auto removed = remover_.manifest(context, who_, name, digest, check);
  if (removed) return true;
  const ErrorCode code = removed.error().code;
  if (!old || code == ErrorCode::NotFound || code == ErrorCode::Denied) return false;
  return propagate(std::move(removed));
}

Result<std::uint64_t> Eviction::evict_from(Context& context, const RepositoryName& name,
                                           WallTime before, const AfterStep& after_step) {
  std::uint64_t gone = 0;
  std::optional<Digest> after;
  do {
    TRY_ASSIGN(Page page, look(context, name, before, after));
    for (const Digest& digest : page.old) {
      TRY_ASSIGN(const bool removed, remove(context, name, digest, before));
      gone += removed ? 1 : 0;
      TRY(after_step());
    }
    TRY(after_step());
    after = page.last;
  } while (after);
  return gone;
}

Result<std::uint64_t> Eviction::evict(Context& context, WallTime before,
                                      const AfterStep& after_step) {
  std::uint64_t gone = 0;
  for (const std::string& upstream : upstreams_) {
    const std::string beginning = upstream + "/";
    std::string after = beginning;
    for (bool more = true; more;) {
      TRY_ASSIGN(const auto names, stores_.meta.view<std::vector<RepositoryName>>(
                                       context, [&](const meta::Snapshot& snapshot) {
                                         return snapshot.repositories().list(after, kNamesAtOnce);
                                       }));
      more = names.size() == kNamesAtOnce && names.back().str().starts_with(beginning);
      if (more) after = names.back().str();
      for (const RepositoryName& name : names) {
        if (!name.str().starts_with(beginning)) break;
        TRY_ASSIGN(const std::uint64_t here, evict_from(context, name, before, after_step));
        gone += here;
      }
    }
  }
  return gone;
}

jobs::Kind Eviction::kind(std::chrono::milliseconds keep_for) {
  const auto round = [this, keep_for](jobs::Run& run) -> Result<void> {
    const WallTime before = stores_.even.wall() - keep_for;
    TRY_ASSIGN(const std::uint64_t gone,
               evict(run.context(), before, [&run] { return run.rest(kPause); }));
    if (gone > 0) log::info("{} manifests that nobody pulled any more left the mirror", gone);
    return {};
  };
  return {.name = "evict",
          .who = "mirror",
          .job = nullptr,
          .rounds = jobs::Rounds{.handler = round, .interval = kInterval}};
}

}  // namespace entrepot::mirror
