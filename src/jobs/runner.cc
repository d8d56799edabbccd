#include "jobs/runner.h"

#include "jobs/worker.h"

namespace entrepot::jobs {

Runner::Runner(meta::Store& meta, const Clock& clock, const Options& options,
               std::vector<Kind> kinds) {
  for (Kind& kind : kinds) {
    workers_.push_back(std::make_unique<Worker>(meta, clock, options, std::move(kind)));
  }
}

Runner::~Runner() {
  for (const auto& worker : workers_) worker->stop();
}

}  // namespace entrepot::jobs
