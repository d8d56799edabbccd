#pragma once
// registry/home.h — the repository that is pushed to.

#include "access/subject.h"
#include "events/event.h"
#include "meta/store.h"
#include "oci/name.h"
#include "registry/stores.h"

namespace entrepot::registry {

// `who`, as the journal keeps it.
events::Actor actor_of(const access::Subject& who);

// Of an archived one nothing is changed: Denied, whoever asks. Asked in the transaction that
// changes.
Result<void> check_not_archived(const meta::Repository& repository);

// Finds the repository or makes it; then the journal tells who did. Denied for an archived one.
Result<meta::Repository> home_of(meta::Transaction& tx, const Stores& stores,
                                 const access::Subject& who, const oci::RepositoryName& name);

}  // namespace entrepot::registry
