#pragma once
// people/uses.h — when secrets were used last, and from where.

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/mutex.h"
#include "meta/store.h"

namespace entrepot::people {

// Gathers in memory what write() brings to the metadata now and then: what is used a thousand times
// a second is written once. A process that ends without write() loses what came since the last one.
// Thread-safe.
class Uses {
 public:
  // Past so many secrets between two writes, those that come first then are noted, and no others.
  static constexpr std::size_t kMost = 65'536;
  static constexpr std::size_t kMostInATransaction = 500;

  explicit Uses(const Clock& clock) : clock_(clock) {}

  // Short, without I/O. Without memory the use is not noted.
  void note(std::int64_t secret, std::string_view address) noexcept;

  // What cannot be written stays noted. One caller at a time.
  Result<void> write(Context& context, meta::Store& store);

 private:
  using Noted = std::unordered_map<std::int64_t, meta::SecretUse>;

  const Clock& clock_;
  Mutex mutex_;
  Noted noted_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::people
