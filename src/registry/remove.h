#pragma once
// registry/remove.h — deleting: tags, manifests, blobs.

#include <functional>

#include "access/subject.h"
#include "oci/name.h"
#include "registry/precondition.h"
#include "registry/stores.h"

namespace entrepot::registry {

// Deletes are visible when the call returns, and durable. Bytes go later, by the collector.
// Thread-safe; blocks.
class Remover {
 public:
  Remover(Stores stores, std::chrono::microseconds review_delay)
      : stores_(stores), review_delay_(review_delay) {}

  // The tag alone; its manifest stays. Spec: end-9. NotFound, PreconditionFailed.
  Result<void> tag(Context& context, const access::Subject& who,
                   const oci::RepositoryName& repository, const oci::Tag& tag,
                   const Precondition& precondition = {});

  // The manifest and every tag on it. What it referred to is queued for review. Spec: end-9.
  // NotFound. `check` is asked when it is there, in the same transaction; its error is the result.
  using Check = std::function<Result<void>(meta::Transaction&, meta::RepositoryId)>;
  Result<void> manifest(Context& context, const access::Subject& who,
                        const oci::RepositoryName& repository, const oci::Digest& digest,
                        const Check& check = nullptr);

  // The blob from this repository. Spec: end-10. NotFound; Conflict while a manifest of the
  // repository uses it, named in the message.
  Result<void> blob(Context& context, const access::Subject& who,
                    const oci::RepositoryName& repository, const oci::Digest& digest);

 private:
  Result<meta::Weight> weigh(Context& context, const oci::RepositoryName& repository,
                             const oci::Digest& digest) const;

  const Stores stores_;
  const std::chrono::microseconds review_delay_;
};

}  // namespace entrepot::registry
