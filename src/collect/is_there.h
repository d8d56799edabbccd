#pragma once
// collect/is_there.h — a look-up whose answer is yes or no.

#include "base/result.h"

namespace entrepot::collect {

// Was something found? NotFound is an answer here, any other error stays one.
template <class T>
Result<bool> is_there(Result<T> found) {
  if (found) return true;
  if (found.error().code == ErrorCode::NotFound) return false;
  return propagate(std::move(found));
}

}  // namespace entrepot::collect
