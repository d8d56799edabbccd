#include "collect/untagged.h"

#include "oci/manifest_at_rest.h"

namespace entrepot::collect {

using meta::RepositoryId;
using oci::Digest;
using oci::RepositoryName;

namespace {

constexpr std::size_t kPage = 200;

// Does a tag or another manifest lead to it?
Result<bool> is_held(const meta::Snapshot& view, RepositoryId repository, const Digest& digest) {
  TRY_ASSIGN(const auto tags, view.tags().pointing_at(repository, digest, 1));
  if (!tags.empty()) return true;
  return is_there(view.manifests().user_of(repository, digest));
}

Result<bool> has_held_referrer(const meta::Snapshot& view, const RepositoryName& name,
                               RepositoryId repository, const Digest& subject) {
  meta::ReferrerQuery query{.repository = name, .subject = subject, .limit = kPage};
  while (true) {
    TRY_ASSIGN(const auto page, view.manifests().referrers(query));
    for (const meta::Referrer& referrer : page.rows) {
      TRY_ASSIGN(const bool held, is_held(view, repository, referrer.digest));
      if (held) return true;
    }
    if (!page.more) return false;
    query.after = page.rows.back().digest;
  }
}

// Is it about a manifest that is there?
Result<bool> has_live_subject(const meta::Snapshot& view, const RepositoryName& name,
                              const meta::Manifest& manifest) {
  TRY_ASSIGN(const auto stored, view.manifests().find(name, oci::Reference(manifest.digest)));
  const bool is_right =
      oci::Digest::of(stored.bytes, manifest.digest.algorithm()) == manifest.digest;
  if (!is_right) return true;  // bytes that cannot be trusted may have one
  const auto read = oci::read_manifest_at_rest(stored.bytes, stored.manifest.media_type);
  if (!read.subject) return false;
  // Asked so, a damaged subject counts, too.
  return is_there(view.manifests().references(manifest.repository, *read.subject));
}

Result<bool> may_go(const meta::Snapshot& view, const RepositoryName& name,
                    const meta::Manifest& manifest, WallTime pushed_before) {
  if (manifest.pushed_at > pushed_before) return false;
  // Kept for going back to the registry that serves it; its tags are not among ours.
  if (oci::media_type::is_schema1(manifest.media_type)) return false;
  TRY_ASSIGN(const bool held, is_held(view, manifest.repository, manifest.digest));
  if (held) return false;
  TRY_ASSIGN(const bool about_something, has_live_subject(view, name, manifest));
  if (about_something) return false;
  TRY_ASSIGN(const bool held_by_referrer,
             has_held_referrer(view, name, manifest.repository, manifest.digest));
  return !held_by_referrer;
}

}  // namespace

Result<UntaggedManifests::Page> UntaggedManifests::look(Context& context,
                                                        const RepositoryName& name,
                                                        WallTime pushed_before,
                                                        const std::optional<Digest>& after) const {
  return stores_.meta.view<Page>(context, [&](const meta::Snapshot& snapshot) -> Result<Page> {
    Page page;
    TRY_ASSIGN(const auto home, snapshot.repositories().find(name));
    if (home.archived) return page;  // stays as it is
    TRY_ASSIGN(const auto manifests, snapshot.manifests().list(home.id, after, kPage));
    for (const meta::Manifest& manifest : manifests) {
      TRY_ASSIGN(const bool goes, may_go(snapshot, name, manifest, pushed_before));
      if (goes) page.may_go.push_back(manifest.digest);
    }
    if (manifests.size() == kPage) page.last = manifests.back().digest;
    return page;
  });
}

// False when it is needed after all, or gone already.
Result<bool> UntaggedManifests::remove_one(Context& context, const RepositoryName& name,
                                           const Digest& digest, WallTime pushed_before) {
  const access::Subject collector(access::SubjectKind::System, 0, "collector");
  const auto removed = remover_.manifest(
      context, collector, name, digest,
      [&](meta::Transaction& tx, RepositoryId repository) -> Result<void> {
        TRY_ASSIGN(const auto manifest, tx.manifests().find(repository, digest));
        TRY_ASSIGN(const bool goes, may_go(tx, name, manifest, pushed_before));
        if (!goes) return fail(ErrorCode::Conflict, "{} is needed again", digest.to_string());
        return {};
      });
  if (removed) return true;
  const ErrorCode code = removed.error().code;
  const bool is_kept = code == ErrorCode::Conflict || code == ErrorCode::NotFound ||
                       code == ErrorCode::Denied;  // archived meanwhile
  if (is_kept) return false;
  return Failure(removed.error());
}

// Again and again from the start, until a round removes nothing: an index that goes sets its
// platforms free, an image its signatures.
Result<std::uint64_t> UntaggedManifests::remove_in(Context& context, const RepositoryName& name,
                                                   WallTime pushed_before,
                                                   const AfterPage& after_page) {
  std::uint64_t removed = 0;
  std::uint64_t before = 0;
  do {
    before = removed;
    std::optional<Digest> after;
    do {
      TRY(context.alive());
      TRY_ASSIGN(const Page page, look(context, name, pushed_before, after));
      for (const Digest& digest : page.may_go) {
        TRY_ASSIGN(const bool gone, remove_one(context, name, digest, pushed_before));
        if (gone) ++removed;
      }
      TRY(after_page(removed));
      after = page.last;
    } while (after);
  } while (removed > before);
  return removed;
}

Result<std::uint64_t> UntaggedManifests::remove(Context& context, WallTime pushed_before,
                                                const AfterPage& after_page) {
  std::uint64_t removed = 0;
  std::string after;
  while (true) {
    TRY_ASSIGN(const auto names, stores_.meta.view<std::vector<RepositoryName>>(
                                     context, [&](const meta::Snapshot& snapshot) {
                                       return snapshot.repositories().list(after, kPage);
                                     }));
    for (const RepositoryName& name : names) {
      TRY_ASSIGN(const std::uint64_t here,
                 remove_in(context, name, pushed_before,
                           [&](std::uint64_t so_far) { return after_page(removed + so_far); }));
      removed += here;
    }
    if (names.size() < kPage) return removed;
    after = names.back().str();
  }
}

}  // namespace entrepot::collect
