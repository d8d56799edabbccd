#pragma once
// people/signing_keys.h — the keys that sign registry tokens, one after the other.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/mutex.h"
#include "crypto/sealed.h"
#include "crypto/signing_key.h"
#include "events/event.h"
#include "meta/store.h"

namespace entrepot::people {

// The keys are in the metadata, sealed under a key that is not. A new one is made after kKeyLasts,
// and when somebody asks. It signs from kSettles on, when every process that shares the store knows
// it; the former is known for kStillKnown after that, longer than any token lasts. What was sealed
// under another sealing key, because that was lost or a backup is older, is passed over: then the
// tokens that it signed end.
//
// Thread-safe.
class SigningKeys {
 public:
  static constexpr std::chrono::hours kKeyLasts{24 * 90};
  static constexpr std::chrono::minutes kSettles{2};
  static constexpr std::chrono::hours kStillKnown{25};

  // Reads the keys, or makes the first.
  static Result<std::unique_ptr<SigningKeys>> open(Context& context, meta::Store& store,
                                                   const crypto::SealingKey& sealing,
                                                   const Clock& clock);

  // Reads them again, makes a new one when it is time for that or somebody asked, and drops those
  // that nobody needs. To be called more often than kSettles. Without a store, or on a full disk,
  // all stays as it is.
  Result<void> look_again(Context& context);

  struct Key {
    std::string name;  // of its row; names follow the time
    WallTime made_at;
    crypto::SigningKey key;
  };
  using Keys = std::vector<Key>;  // oldest first, never empty

  // As they are known now; they stay while somebody has them.
  std::shared_ptr<const Keys> all() const;
  // The one of them that signs now.
  const Key& signing(const Keys& keys) const;

 private:
  SigningKeys(meta::Store& store, const crypto::SealingKey& sealing, const Clock& clock)
      : store_(store), sealing_(sealing), clock_(clock) {}

  // A new one where it is time for that, or in any case; and what there is then.
  Result<Keys> renew(Context& context, bool in_any_case, WallTime now);

  meta::Store& store_;
  const crypto::SealingKey sealing_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::shared_ptr<const Keys> keys_ ENTREPOT_GUARDED_BY(mutex_);
};

enum class FormerKeys {
  StayKnown,  // the tokens that they signed count until they end
  End,        // and the tokens with them: somebody may have a key who should not
};

// Has whoever serves this store make a new key: within a minute, or when it starts.
Result<void> ask_for_new_key(Context& context, meta::Store& store, const events::Actor& by,
                             FormerKeys former, WallTime now);

// When each of the keys was made, oldest first.
Result<std::vector<WallTime>> list_signing_keys(Context& context, meta::Store& store);

}  // namespace entrepot::people
