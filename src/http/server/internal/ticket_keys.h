#pragma once
// http/server/internal/ticket_keys.h — the keys that seal TLS sessions into tickets.

#include <array>
#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"

struct ssl_ctx_st;

namespace entrepot::http::server::internal {

// A ticket lets a client take its session up again without a new key exchange, so whoever learns
// the key of a ticket can read all sessions that were recorded with it. Therefore a key seals for a
// day, opens for as long as its last ticket may be used, and is wiped then. Each certificate that
// is loaded has keys of its own: who comes back after a change sees the new one. Thread-safe.
class TicketKeys {
 public:
  static constexpr std::chrono::hours kSealsFor{24};
  static constexpr std::chrono::hours kTicketLife{2};

  explicit TicketKeys(const Clock& clock) : clock_(clock) {}
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  // Has the context seal and open its tickets with keys of its own, which end with it, and sets
  // their life. False when OpenSSL has no memory for it.
  static bool install(ssl_ctx_st* context, const Clock& clock);
  // Those of a context in which they were installed.
  static TicketKeys& of(ssl_ctx_st* context);

  struct Key {
    std::array<unsigned char, 16> name{};
    std::array<unsigned char, 32> cipher{};
    std::array<unsigned char, 32> mac{};
  };

  // What new tickets are sealed with.
  Key sealing();
  // What a ticket of this name was sealed with; nullopt when that is gone. `*renew` is true when it
  // seals no more, so that the client should get a new ticket.
  std::optional<Key> opening(const unsigned char* name, bool* renew);

  // Makes the next key and wipes old ones, where it is time; also done by the two above. Called now
  // and then, keys go even when nobody connects.
  void turn();

 private:
  void turn_locked() ENTREPOT_REQUIRES(mutex_);

  const Clock& clock_;
  Mutex mutex_;
  std::optional<Key> current_ ENTREPOT_GUARDED_BY(mutex_);
  std::optional<Key> former_ ENTREPOT_GUARDED_BY(mutex_);
  SteadyTime made_ ENTREPOT_GUARDED_BY(mutex_){};      // of current_
  SteadyTime replaced_ ENTREPOT_GUARDED_BY(mutex_){};  // of former_
};

}  // namespace entrepot::http::server::internal
