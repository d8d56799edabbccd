#pragma once
// people/memory.h — what was read of people and places, so that most requests are decided without
// the store.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/context.h"
#include "base/mutex.h"
#include "crypto/seeded_hash.h"
#include "meta/news.h"
#include "people/rights.h"

namespace entrepot::people {

// Standings by account and places by name, as the store had them; of names where nothing is, of
// which anybody can make up many, nothing is kept. Listens to the store (meta::Store::listen), and
// forgets all of it with any news of people, and a place when its repository is made. So nobody is
// judged by an older state than one that was acknowledged before the request came. Of what other
// processes write it hears by look_for_others().
//
// Thread-safe. recall_… hold a mutex for a look-up only, so event loops may call them; find_… read
// the store where memory does not know.
class Memory final : public meta::Listener {
 public:
  // `others`: people may sign in who have no account yet, so that there is always somebody.
  explicit Memory(meta::Store& store, bool others = false) : store_(store), others_(others) {}

  // Null: not remembered.
  std::shared_ptr<const Standing> recall_standing(meta::AccountId id) const;
  std::shared_ptr<const Place> recall_place(std::string_view repository) const;

  Result<std::shared_ptr<const Standing>> find_standing(Context& context, meta::AccountId id);
  Result<std::shared_ptr<const Place>> find_place(Context& context, std::string_view repository);

  // Is there an account, or may there be one as soon as somebody signs in? Nothing while that was
  // never read, or may have changed; find_any() then.
  std::optional<bool> recall_any() const;
  Result<bool> find_any(Context& context);

  // Reads how often rights changed, and forgets everything if that was not by this process alone.
  // One short look; to be called every now and then.
  Result<void> look_for_others(Context& context);

  void heard(const meta::News& news) noexcept override;
  void forget();

  // Grows whenever something is forgotten.
  std::uint64_t epoch() const;

 private:
  // More than these are not kept: then everything is forgotten, and read again as it is asked for.
  static constexpr std::size_t kMostStandings = 16'384;
  static constexpr std::size_t kMostPlaces = 65'536;

  struct NameHash : crypto::SeededHash {
    using is_transparent = void;
  };
  struct IdHash {
    std::size_t operator()(meta::AccountId id) const { return std::hash<std::int64_t>()(id.value); }
  };

  meta::Store& store_;
  const bool others_;
  mutable Mutex mutex_;
  // A fill that began with another one is dropped.
  std::uint64_t epoch_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  // Written with the mutex; read without, for each request asks.
  enum class Any : std::uint8_t { Unknown, None, Some };
  std::atomic<Any> any_ = Any::Unknown;
  // meta::Accounts::epoch(), as it was read last.
  std::optional<std::int64_t> stored_epoch_ ENTREPOT_GUARDED_BY(mutex_);
  std::unordered_map<meta::AccountId, std::shared_ptr<const Standing>, IdHash> standings_
      ENTREPOT_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::shared_ptr<const Place>, NameHash, std::equal_to<>> places_
      ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::people
