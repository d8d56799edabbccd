#pragma once
// mirror/local_names.h — which names are ours, so that no other registry is asked for them.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/context.h"
#include "base/mutex.h"
#include "base/result.h"
#include "crypto/seeded_hash.h"
#include "meta/store.h"

namespace entrepot::mirror {

// The namespaces of accounts and of repositories that are here, or were since names were first
// looked after: they are kept in the store's settings, so that what was deleted here is not
// answered for by a stranger later. Of "library" and of names with one part, where everybody's
// images stand side by side, each name by itself. What lies in a namespace of ours is ours, be it
// there or not. When in doubt a name is ours. Thread-safe.
class LocalNames final : public meta::Listener {
 public:
  // `is_upstream`: names that never are ours.
  using IsUpstream = std::function<bool(std::string_view repository)>;
  explicit LocalNames(IsUpstream is_upstream) : is_upstream_(std::move(is_upstream)) {}

  // Reads what is there, the first time; until then every name is ours. Later the
  // accounts alone, when some changed, by another process perhaps. Keeps some of the names that
  // came since; those that cannot be written are kept later. Every now and then, by one thread.
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

  Result<void> load_kept(Context& context, meta::Store& store);
  Result<void> load_accounts(Context& context, meta::Store& store);
  Result<void> load_repositories(Context& context, meta::Store& store);
  Result<void> look_for_others(Context& context, meta::Store& store);
  Result<void> keep_some(Context& context, meta::Store& store);
  void add(std::string_view repository);
  void add_namespace(std::string_view name);

  const IsUpstream is_upstream_;
  std::optional<std::int64_t> epoch_;  // of the accounts, when refresh() read them last; its own
  mutable Mutex mutex_;
  Set namespaces_ ENTREPOT_GUARDED_BY(mutex_);
  Set names_ ENTREPOT_GUARDED_BY(mutex_);
  // Those of both that are not kept yet; a namespace has a "/" behind it.
  std::vector<std::string> unkept_ ENTREPOT_GUARDED_BY(mutex_);
  bool in_doubt_ ENTREPOT_GUARDED_BY(mutex_) = true;  // refresh() has to read all of it
};

}  // namespace entrepot::mirror
