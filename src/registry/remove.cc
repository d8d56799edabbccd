#include "registry/remove.h"

#include "oci/manifest.h"
#include "registry/home.h"

namespace entrepot::registry {

using events::EventKind;
using oci::Digest;
using oci::RepositoryName;

// What the removal of a manifest writes grows with what it names and with its tags.
Result<meta::Weight> Remover::weigh(Context& context, const RepositoryName& repository,
                                    const Digest& digest) const {
  constexpr std::size_t kLargeFrom = 50;
  return stores_.meta.view<meta::Weight>(
      context, [&](const meta::Snapshot& snapshot) -> Result<meta::Weight> {
        const auto home = snapshot.repositories().find(repository);
        if (!home) return meta::Weight::Small;  // the transaction says why
        const auto references = snapshot.manifests().references(home->id, digest);
        if (!references) return meta::Weight::Small;
        TRY_ASSIGN(const auto tags, snapshot.tags().pointing_at(home->id, digest, kLargeFrom));
        return references->size() + tags.size() >= kLargeFrom ? meta::Weight::Large
                                                              : meta::Weight::Small;
      });
}

Result<void> Remover::tag(Context& context, const access::Subject& who,
                          const RepositoryName& repository, const oci::Tag& tag,
                          const Precondition& precondition) {
  const WallTime now = stores_.clock.wall();
  return stores_.meta.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto home, tx.repositories().find(repository));
    TRY(check_not_archived(home));
    TRY_ASSIGN(const Digest previous, tx.tags().remove(home.id, tag));
    TRY(precondition.check(previous));  // an error undoes the removal
    return tx.journal().add({.kind = EventKind::TagDeleted,
                             .at = now,
                             .actor = actor_of(who),
                             .repository = repository,
                             .tag = tag,
                             .previous = previous});
  });
}

Result<void> Remover::manifest(Context& context, const access::Subject& who,
                               const RepositoryName& repository, const Digest& digest,
                               const Check& check) {
  const WallTime now = stores_.clock.wall();
  const WallTime even = stores_.even.wall();
  const events::Actor actor = actor_of(who);
  const auto remove = [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto home, tx.repositories().find(repository));
    TRY(check_not_archived(home));
    TRY_ASSIGN(const auto references, tx.manifests().references(home.id, digest));
    if (check) TRY(check(tx, home.id));
    TRY(tx.manifests().remove(home.id, digest, even, actor.id));
    TRY_ASSIGN(const auto tags, tx.tags().remove_all(home.id, digest));
    for (const oci::Tag& tag : tags) {
      TRY(tx.journal().add({.kind = EventKind::TagDeleted,
                            .at = now,
                            .actor = actor,
                            .repository = repository,
                            .tag = tag,
                            .previous = digest}));
    }
    for (const auto& reference : references) {
      const auto blob = tx.blobs().find(home.id, reference.digest);
      if (!blob) continue;
      TRY(tx.reviews().push_back(blob->digest, even + review_delay_));
    }
    return tx.journal().add({.kind = EventKind::ManifestDeleted,
                             .at = now,
                             .actor = actor,
                             .repository = repository,
                             .digest = digest});
  };
  TRY_ASSIGN(const meta::Weight weight, weigh(context, repository, digest));
  return stores_.meta.write(context, {remove, weight});
}

Result<void> Remover::blob(Context& context, const access::Subject& who,
                           const RepositoryName& repository, const Digest& digest) {
  const WallTime now = stores_.clock.wall();
  return stores_.meta.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto home, tx.repositories().find(repository));
    TRY(check_not_archived(home));
    TRY_ASSIGN(const auto blob, tx.blobs().find(home.id, digest));
    TRY_ASSIGN(const auto user, if_there(tx.manifests().user_of(home.id, digest)));
    if (user) {
      return fail(ErrorCode::Conflict, "manifest {} uses it; delete that first", user->to_string());
    }
    TRY(tx.blobs().unlink(home.id, blob.digest));
    TRY(tx.reviews().push_back(blob.digest, stores_.even.wall() + review_delay_));
    return tx.journal().add({.kind = EventKind::BlobDeleted,
                             .at = now,
                             .actor = actor_of(who),
                             .repository = repository,
                             .digest = digest});
  });
}

}  // namespace entrepot::registry
