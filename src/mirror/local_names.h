#pragma once
// mirror/local_names.h — which names are ours, so that no other registry is asked for them.

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/context.h"
#include "base/mutex.h"
#include "base/result.h"
#include "crypto/seeded_hash.h"
#include "meta/store.h"

namespace entrepot::mirror {

// The namespaces of accounts and of repositories that are or were here since the start. Of
// "library" and of names with one part, where everybody's images stand side by side, each name by
// itself. What lies in a namespace of ours is ours, be it there or not: else a stranger's image
// could answer for it. When in doubt a name is ours. Thread-safe.
class LocalNames final : public meta::Listener {
 public:
  // `is_upstream`: names that never are ours.
  using IsUpstream = std::function<bool(std::string_view repository)>;
  explicit LocalNames(IsUpstream is_upstream) : is_upstream_(std::move(is_upstream)) {}

  // Reads what is there: the first time all of it, and later what listeners are not told in full,
  // if anything. Until the first, and from an account's making to the next, every name is ours.
  Result<void> refresh(Context& context, meta::Store& store);

  // From memory, on event loops.
  bool contains(std::string_view repository) const;

  void heard(const meta::News& news) noexcept override;

 private:
  // More are not remembered; then every name is ours.
  static constexpr std::size_t kMost = 500'000;

  struct Hash : crypto::SeededHash {
    using is_transparent = void;
  };
  using Set = std::unordered_set<std::string, Hash, std::equal_to<>>;

  Result<void> load_accounts(Context& context, meta::Store& store);
  Result<void> load_repositories(Context& context, meta::Store& store);
  void add(std::string_view repository);
  void add_namespace(std::string_view name);

  const IsUpstream is_upstream_;
  mutable Mutex mutex_;
  Set namespaces_ ENTREPOT_GUARDED_BY(mutex_);
  Set names_ ENTREPOT_GUARDED_BY(mutex_);
  // What refresh() has to read.
  enum class Doubt { None, Accounts, All };
  Doubt doubt_ ENTREPOT_GUARDED_BY(mutex_) = Doubt::All;
};

}  // namespace entrepot::mirror
