#pragma once
// http/memory.h — one account of bytes for what all clients together keep in memory.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/context.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"

namespace entrepot::http {

// Counts what is held for clients (bodies that are collected in memory, answers that nobody reads)
// and what is worked on (parsing, listing, reading from the store). Bodies that go through to a
// disk have the receive buffers instead; see Limits.
//
// Clients hold at most half of the account, so that work always comes to its turn. Past that, three
// things happen in this order: the slowest are asked to give way, who wants more waits, and who has
// waited too long is refused.
//
// A share is taken before the memory is; nothing here allocates what it counts. Thread-safe. Only
// take_work() blocks.
class MemoryAccount {
  struct Entry;
  using Entries = std::list<Entry>;

 public:
  // How long take_work() waits.
  static constexpr std::chrono::seconds kPatience{5};
  // Nobody is asked to give way before there was time to show how fast it is.
  static constexpr std::chrono::milliseconds kGrace{50};

  MemoryAccount(std::size_t limit_bytes, metrics::Registry& metrics,
                const Clock& clock = Clock::system());
  ~MemoryAccount();  // all shares are back
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  // Bytes of the account; move-only, given back on destruction.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept;
    Share& operator=(Share&& other) noexcept;
    ~Share() { give_back(); }

    explicit operator bool() const { return account_ != nullptr; }

    // For what open() gave: so many bytes in all, at once or not at all. When not, others were
    // asked to give way, and call_when_free() tells when trying again may help.
    [[nodiscard]] bool grow_to(std::size_t bytes);
    // The client of this share sent or read so much.
    void moved(std::size_t bytes);
    // From now on it is not the client who takes the time: it is not asked to give way.
    void stays();
    void give_back();

   private:
    friend class MemoryAccount;
    Share(MemoryAccount* account, Entries::iterator at) : account_(account), at_(at) {}

    MemoryAccount* account_ = nullptr;
    Entries::iterator at_;
  };

  // Called at most once, from any thread, without a lock: give back what you hold, soon.
  using GiveWay = std::function<void()>;

  // A share without bytes yet, for a body that comes.
  Share open(GiveWay give_way);

  // For an answer that its client has not read whole. The bytes are in memory already, so this
  // always succeeds, and others may be asked to give way. A body that several answers share counts
  // once, and not at all while somebody else (a cache) holds it, too.
  Share hold(const SharedBytes& body, GiveWay give_way);

  // For work that needs about so much for a short time; an empty share when there is no room now.
  // Work for more than half of the account counts as half of it.
  Share try_work(std::size_t bytes);
  // The same, but waits. Unavailable after kPatience; Cancelled or Timeout as the context says.
  Result<Share> take_work(Context& context, std::size_t bytes);

  // Calls `wake` once, from any thread, when trying again may help.
  void call_when_free(std::function<void()> wake);

  std::size_t used_bytes() const;

 private:
  // A body that answers share.
  struct Group {
    const void* key = nullptr;
    std::weak_ptr<const std::string> body;
    std::size_t bytes = 0;  // 0 while somebody else holds it, too
    long answers = 0;
    bool may_be_asked = false;  // these two: while the slowest is looked for
    std::size_t speed = 0;
  };
  using Groups = std::unordered_map<const void*, Group>;

  struct Entry {
    bool is_work = false;
    std::size_t bytes = 0;  // without the group's
    Group* group = nullptr;
    GiveWay give_way;  // empty: is not asked, or was
    bool leaves = false;
    SteadyTime opened{};
    // What moved in this second, and in the one before.
    std::int64_t second = 0;
    std::size_t moved_bytes = 0;
    std::size_t moved_before_bytes = 0;
  };
  struct Candidate {
    Entry* entry = nullptr;
    std::size_t speed = 0;
    std::size_t frees_bytes = 0;
  };

  Entries::iterator add(Entry entry) ENTREPOT_REQUIRES(mutex_);
  void recount() ENTREPOT_REQUIRES(mutex_);
  std::vector<GiveWay> ask_slowest(std::size_t wanted_bytes) ENTREPOT_REQUIRES(mutex_);
  Candidate find_slowest() ENTREPOT_REQUIRES(mutex_);
  void ask(const Candidate& slowest, std::vector<GiveWay>& calls) ENTREPOT_REQUIRES(mutex_);
  std::size_t speed_of(const Entry& entry) const;
  std::int64_t this_second() const;
  void release(Entries::iterator at);

  const std::size_t limit_bytes_;
  const Clock& clock_;
  metrics::Gauge& held_gauge_;
  metrics::Gauge& work_gauge_;
  metrics::Gauge& waiting_gauge_;
  metrics::Counter& gave_way_;
  metrics::Counter& refused_;

  mutable Mutex mutex_;
  CondVar freed_;
  Entries entries_ ENTREPOT_GUARDED_BY(mutex_);
  Groups groups_ ENTREPOT_GUARDED_BY(mutex_);
  std::size_t held_bytes_ ENTREPOT_GUARDED_BY(mutex_) = 0;  // groups as they were counted last
  std::size_t work_bytes_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  // Held by those who were asked, and have not gone yet.
  std::size_t leaving_bytes_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  // Of the last look for the slowest.
  bool changed_ ENTREPOT_GUARDED_BY(mutex_) = true;  // since then
  std::size_t looked_for_bytes_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  SteadyTime look_again_ ENTREPOT_GUARDED_BY(mutex_){};
  std::vector<std::function<void()>> waiters_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::http
