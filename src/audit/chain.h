#pragma once
// audit/chain.h — the proof that the journal is as it was written.

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "meta/store.h"

namespace entrepot::audit {

// A seal is over the entries since the seal before it: `content` is the sha256 of their lines
// (audit/line.h), `chain` that of
//
//   "entrepot seal 1\n" former-chain "\n" last " " at " " content "\n"
//
// with digests as they are written in full and the time as in a line; of the first seal
// `former-chain` is empty. Whoever changes, adds or removes an entry has to make anew all seals
// after it, and thereby the chain's head, which people can keep elsewhere.

// Seals up to kMostSealed entries. Returns how many. Thread-safe; of two processes one seals, and
// the other has sealed nothing.
inline constexpr std::size_t kMostSealed = 1000;
Result<std::size_t> seal_next(Context& context, meta::Store& store, const Clock& clock);

struct Verdict {
  std::uint64_t seals = 0;
  std::uint64_t entries = 0;         // that are as they were sealed
  std::uint64_t aged_seals = 0;      // whose entries were dropped for their age, some or all
  std::uint64_t unsealed = 0;        // newer than the last seal
  std::string head;                  // the last seal's chain; "" without one
  bool has_known_head = false;       // the head that was asked for is one of the chain's
  std::optional<std::string> wrong;  // the first seal that does not hold, and why
};

// Reads the whole journal, a page at a time; writes nothing. `known_head`: a head that somebody
// kept. Entries that are gone before they are a year old are wrong as well (collect/retention.h).
Result<Verdict> verify(Context& context, meta::Store& store, const Clock& clock,
                       std::string_view known_head = "");

}  // namespace entrepot::audit
