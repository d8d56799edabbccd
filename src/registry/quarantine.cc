#include "registry/quarantine.h"

#include "base/log.h"
#include "registry/verify.h"

namespace entrepot::registry {

using oci::Digest;
using oci::RepositoryName;

namespace {

// So many others are asked whether the disk gives anything at all.
constexpr std::size_t kNeighbours = 3;

constexpr std::string_view kHelp = "Blobs and manifests found damaged at rest and set aside.";

Result<void> no_pause(std::size_t /*bytes*/) { return {}; }

}  // namespace

std::string_view words_for(Symptom symptom) {
  switch (symptom) {
    case Symptom::Missing:
      return "is missing";
    case Symptom::WrongSize:
      return "has not the size that was stored";
    case Symptom::WrongHash:
      return "has bytes that are not its own";
    case Symptom::Unreadable:
      return "cannot be read from the disk";
  }
  return "is damaged";
}

Quarantine::Quarantine(Stores stores, metrics::Registry& metrics)
    : stores_(stores),
      blobs_(metrics.counter("entrepot_damaged_total", kHelp, {{"kind", "blob"}})),
      manifests_(metrics.counter("entrepot_damaged_total", kHelp, {{"kind", "manifest"}})) {}

// One file that the disk does not give is damaged; a disk that gives nothing is in trouble, and
// what lies on it may be well. Writing is tried, too: others may come from the page cache.
Result<void> Quarantine::require_a_sound_store(Context& context, const Digest& unreadable) {
  const auto writable = stores_.blobs.check_writable(context);
  if (!writable && writable.error().code != ErrorCode::StorageFull) return writable;
  TRY_ASSIGN(auto others, stores_.meta.view<std::vector<meta::Blob>>(
                              context, [&](const meta::Snapshot& snapshot) {
                                return snapshot.blobs().list(unreadable, kNeighbours);
                              }));
  if (others.empty()) {
    TRY_ASSIGN(others, stores_.meta.view<std::vector<meta::Blob>>(
                           context, [&](const meta::Snapshot& snapshot) {
                             return snapshot.blobs().list(std::nullopt, kNeighbours);
                           }));
    std::erase_if(others, [&](const meta::Blob& blob) { return blob.digest == unreadable; });
  }
  if (others.empty()) return {};
  for (const meta::Blob& other : others) {
    TRY_ASSIGN(Opened opened, open_whole(context, stores_.blobs, other));
    if (opened.sighting) continue;
    char byte = 0;
    if (other.size_bytes == 0 || read_some(context, opened.bytes, 0, {&byte, 1})) return {};
  }
  return fail(ErrorCode::Unavailable,
              "the store gives neither blob {} nor others: nothing is set "
              "aside",
              unreadable.to_string());
}

Result<bool> Quarantine::is_damaged(Context& context, const meta::Blob& blob,
                                    const Sighting& sighting) {
  TRY_ASSIGN(Opened now, open_whole(context, stores_.blobs, blob));
  if (now.sighting) return true;
  // Name and size are right by now. Whether the bytes are those that were read, the file tells.
  const FileRange* file = now.bytes.file();
  if (sighting.file && file != nullptr) return is_same_file(*file->file, *sighting.file);
  if (sighting.symptom != Symptom::WrongHash) return false;
  TRY_ASSIGN(const auto seen, verify(context, stores_.blobs, blob, no_pause));
  return seen.has_value();
}

Result<Finding> Quarantine::blob(Context& context, const Digest& digest, const Sighting& sighting) {
  const MutexLock lock(stores_.locks.of(digest));
  TRY_ASSIGN(const auto blob,
             if_there(stores_.meta.view<meta::Blob>(context, [&](const meta::Snapshot& snapshot) {
               return snapshot.blobs().find_anywhere(digest);
             })));
  if (!blob) return Finding::Known;
  TRY_ASSIGN(const bool damaged, is_damaged(context, *blob, sighting));
  if (!damaged) return Finding::Fine;
  if (sighting.symptom == Symptom::Unreadable) TRY(require_a_sound_store(context, digest));
  // The bytes first: while they cannot be moved, no row says anything new.
  TRY_ASSIGN(const bool aside, if_there(stores_.blobs.quarantine(context, digest)));
  TRY_ASSIGN(const bool marked, stores_.meta.transact<bool>(context, [&](meta::Transaction& tx) {
    return tx.damage().mark_blob(digest, stores_.clock.wall());
  }));
  if (!marked) return Finding::Known;
  blobs_.add();
  log::error("damaged: blob {} {}; {}, it is not there for clients until it is pushed again",
             digest.to_string(), words_for(sighting.symptom),
             aside ? "set aside in the quarantine" : "nothing was left to set aside");
  return Finding::SetAside;
}

Result<Finding> Quarantine::manifest(Context& context, const RepositoryName& repository,
                                     const Digest& digest) {
  TRY_ASSIGN(
      const Finding finding,
      stores_.meta.transact<Finding>(context, [&](meta::Transaction& tx) -> Result<Finding> {
        TRY_ASSIGN(const auto stored, if_there(tx.manifests().find(repository, digest)));
        if (!stored) return Finding::Known;
        const Digest actual = Digest::of(stored->bytes, digest.algorithm());
        if (actual == digest) return Finding::Fine;
        TRY(tx.damage().mark_manifest(stored->manifest.repository, digest, stores_.clock.wall()));
        return Finding::SetAside;
      }));
  if (finding != Finding::SetAside) return finding;
  manifests_.add();
  log::error("damaged: manifest {} of {} {}; it is not there for clients until it is pushed again",
             digest.to_string(), repository.str(), words_for(Symptom::WrongHash));
  return finding;
}

}  // namespace entrepot::registry
