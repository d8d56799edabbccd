#pragma once
// collect/view.h — the questions that decide what may go, asked of a snapshot or in a transaction.

#include "meta/store.h"

namespace entrepot::collect {

// The reading half of what a Snapshot and a Transaction both offer. Lives as long as that one.
struct View {
  const meta::Manifests& manifests;
  const meta::Tags& tags;
  const meta::Blobs& blobs;
  const meta::Reviews& reviews;
};

inline View view_of(const meta::Snapshot& snapshot) {
  return {snapshot.manifests(), snapshot.tags(), snapshot.blobs(), snapshot.reviews()};
}
inline View view_of(meta::Transaction& tx) {
  return {tx.manifests(), tx.tags(), tx.blobs(), tx.reviews()};
}

}  // namespace entrepot::collect
