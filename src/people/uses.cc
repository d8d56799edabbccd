#include "people/uses.h"

#include <new>
#include <utility>
#include <vector>

namespace entrepot::people {

void Uses::note(std::int64_t secret, std::string_view address) noexcept {
  try {
    const MutexLock lock(mutex_);
    if (noted_.size() >= kMost && !noted_.contains(secret)) return;
    noted_[secret] = {secret, clock_.wall(), std::string(address)};
  } catch (const std::bad_alloc&) {
    return;  // with the next use
  }
}

Result<void> Uses::write(Context& context, meta::Store& store) {
  Noted noted;
  {
    const MutexLock lock(mutex_);
    noted.swap(noted_);
  }
  std::vector<meta::SecretUse> some;
  Result<void> written;
  while (!noted.empty()) {
    some.clear();
    for (const auto& [id, use] : noted) {
      if (some.size() == kMostInATransaction) break;
      some.push_back(use);
    }
    written =
        store.write(context, [&](meta::Transaction& tx) { return tx.secrets().note_uses(some); });
    if (!written) break;
    for (const auto& use : some) noted.erase(use.id);
  }
  const MutexLock lock(mutex_);
  noted_.merge(noted);  // what was used again meanwhile is newer, and stays
  return written;
}

}  // namespace entrepot::people
