#pragma once
// base/sink.h — where bytes go.

#include "base/bytes.h"
#include "base/context.h"
#include "base/result.h"

namespace entrepot {

// Takes bytes in order. One writer at a time; may block (a disk), so never on an event loop.
class Sink {
 public:
  virtual ~Sink() = default;

  // All of `piece` was taken, or an error and how much of it was taken is unknown. StorageFull,
  // Unavailable, TooLarge, Cancelled.
  virtual Result<void> write(Context& context, ByteView piece) = 0;
};

}  // namespace entrepot
