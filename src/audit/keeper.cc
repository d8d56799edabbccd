#include "audit/keeper.h"

#include "audit/chain.h"

namespace entrepot::audit {
namespace {

constexpr std::chrono::milliseconds kInterval{1000};
constexpr std::chrono::milliseconds kAfterError{10'000};
// Of a long journal that was never sealed, so that others write meanwhile.
constexpr std::chrono::milliseconds kBetweenSteps{20};

Result<void> keep(jobs::Run& run, SignIns& sign_ins, meta::Store& store, const Clock& clock) {
  TRY(sign_ins.flush(run.context(), store));
  for (;;) {
    TRY_ASSIGN(const std::size_t sealed, seal_next(run.context(), store, clock));
    if (sealed < kMostSealed) return {};
    TRY(run.rest(kBetweenSteps));
  }
}

}  // namespace

jobs::Kind keeper_kind(SignIns& sign_ins, meta::Store& store, const Clock& clock) {
  return {.name = "audit",
          .who = "audit",
          .job = {},
          .rounds = jobs::Rounds{
              .handler = [&](jobs::Run& run) { return keep(run, sign_ins, store, clock); },
              .interval = kInterval,
              .after_error = kAfterError}};
}

}  // namespace entrepot::audit
