#pragma once
// collect/kinds.h — the collector's work as the background of a server does it.

#include <chrono>

#include "collect/collector.h"
#include "collect/retention.h"
#include "jobs/runner.h"

namespace entrepot::collect {

struct CollectorRounds {
  bool enabled = true;  // false: only what jobs ask for
  std::chrono::milliseconds interval = std::chrono::minutes(1);
  std::chrono::milliseconds pause{5};  // between two steps, for pushes and pulls to go first
};

// What is due at each interval, and the jobs that `entrepot gc` queued. A job that goes on after it
// was cut short counts on from where it was; a dry run begins anew.
jobs::Kind collector_kind(Collector& collector, const CollectorRounds& rounds);

// All that is old, step by step, with the same pause between two.
jobs::Kind retention_kind(Retention& retention, std::chrono::milliseconds pause);

// Abandoned uploads, where no collector does it along with the rest.
jobs::Kind uploads_kind(registry::Uploads& uploads, std::chrono::milliseconds interval);

}  // namespace entrepot::collect
