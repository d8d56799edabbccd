#include "base/context.h"

namespace entrepot {

Result<void> Context::alive() const {
  if (cancelled()) return fail(ErrorCode::Cancelled, "the caller went away");
  if (deadline_ && std::chrono::steady_clock::now() > *deadline_) {
    return fail(ErrorCode::Timeout, "took too long");
  }
  return {};
}

}  // namespace entrepot
