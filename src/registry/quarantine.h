#pragma once
// registry/quarantine.h — what is done about bytes at rest that turn out to be damaged.

#include <memory>
#include <string_view>

#include "base/metrics.h"
#include "base/source.h"
#include "oci/name.h"
#include "registry/stores.h"

namespace entrepot::registry {

// How a blob's damage shows.
enum class Symptom {
  Missing,     // nothing, or no file, has its name
  WrongSize,   // as the metadata knows it
  WrongHash,   // the bytes are not what the digest says
  Unreadable,  // the disk does not give them
};
std::string_view words_for(Symptom symptom);

struct Sighting {
  Symptom symptom = Symptom::Missing;
  // The file that was read, where bytes were looked at: who has replaced it since has healed it.
  std::shared_ptr<const OpenFile> file = nullptr;
};

enum class Finding {
  SetAside,  // by this call
  Known,     // damaged, and taken care of before; or nobody has it any more
  Fine,      // not damaged: it was healed meanwhile
};

// The one place for everybody who notices damage: pulls, answers that could not be sent to their
// end, the scrub, `entrepot fsck`. What is damaged is set aside, marked in the metadata, dropped
// from the cache, counted (entrepot_damaged_total), and logged, once; from then on it is not there
// for clients until somebody pushes it again, and neither are the manifests that name it. Tags,
// links and what a damaged manifest names stay.
//
// A store that is away, or in trouble as a whole, is not damage: then nothing is changed, and the
// error is Unavailable. Thread-safe; blocks.
class Quarantine {
 public:
  Quarantine(Stores stores, metrics::Registry& metrics);

  // Looks again before it believes, excluding a push of the same digest. Reads the bytes again only
  // where the store has no files to compare. `digest` is the blob's own (sha256).
  Result<Finding> blob(Context& context, const oci::Digest& digest, const Sighting& sighting);

  // The same for the bytes of a manifest.
  Result<Finding> manifest(Context& context, const oci::RepositoryName& repository,
                           const oci::Digest& digest);

 private:
  Result<bool> is_damaged(Context& context, const meta::Blob& blob, const Sighting& sighting);
  Result<void> require_a_sound_store(Context& context, const oci::Digest& unreadable);

  const Stores stores_;
  metrics::Counter& blobs_;
  metrics::Counter& manifests_;
};

}  // namespace entrepot::registry
