#include "audit/chain.h"

#include <chrono>
#include <vector>

#include <fmt/format.h>

#include "audit/line.h"
#include "crypto/hash.h"

namespace entrepot::audit {
namespace {

using meta::Journal;
using meta::Seal;

constexpr std::chrono::hours kEntriesStay{24 * 365};
constexpr std::size_t kPage = 1000;

oci::Digest digest_of(crypto::Hasher& hasher) {
  return oci::Digest::from_hash(hasher.algorithm(), hasher.value());
}

oci::Digest chain_of(const std::optional<oci::Digest>& former, std::int64_t last, WallTime at,
                     const oci::Digest& content) {
  const std::string text =
      fmt::format("entrepot seal 1\n{}\n{} {} {}\n", former ? former->to_string() : "", last,
                  to_rfc3339(at), content.to_string());
  crypto::Hasher hasher(crypto::HashAlgorithm::Sha256);
  hasher.update(text);
  return digest_of(hasher);
}

// What is to be sealed next, read in one view.
struct Next {
  std::optional<Seal> former;
  std::vector<Journal::Entry> entries;

  std::int64_t begin() const { return former ? former->last : 0; }
};

Result<Next> find_next(const meta::Snapshot& snapshot) {
  Next next;
  TRY_ASSIGN(next.former, if_there(snapshot.seals().last()));
  TRY_ASSIGN(auto page, snapshot.journal().read(next.begin(), kMostSealed));
  next.entries = std::move(page.entries);
  return next;
}

// Goes through the chain, seal by seal.
class Verifier {
 public:
  Verifier(Context& context, meta::Store& store, WallTime now, std::string_view known_head)
      : context_(context), store_(store), now_(now), known_head_(known_head) {}

  Result<Verdict> run() {
    for (;;) {
      TRY(context_.alive());
      TRY_ASSIGN(const auto seals,
                 store_.view<std::vector<Seal>>(context_, [&](const meta::Snapshot& snapshot) {
                   return snapshot.seals().list(last_, kPage);
                 }));
      if (seals.empty()) break;
      for (const Seal& seal : seals) {
        TRY(look_at(seal));
        if (verdict_.wrong) return verdict_;
      }
    }
    TRY(count_unsealed());
    return verdict_;
  }

 private:
  Result<void> look_at(const Seal& seal) {
    TRY_ASSIGN(const auto content, content_of(seal));
    if (chain_of(former_, seal.last, seal.at, seal.content) != seal.chain) {
      verdict_.wrong =
          fmt::format("the seal of entry {} does not follow the one before", seal.last);
    } else if (content && *content != seal.content) {
      verdict_.wrong = fmt::format("the entries from {} to {} are not what was sealed on {}",
                                   last_ + 1, seal.last, to_rfc3339(seal.at));
    } else if (!content && seal.at > now_ - kEntriesStay) {
      verdict_.wrong =
          fmt::format("entries before {} are gone, and were not a year old", seal.last);
    }
    verdict_.seals += 1;
    verdict_.aged_seals += content ? 0 : 1;
    verdict_.entries += content ? count_ : 0;
    verdict_.head = seal.chain.to_string();
    if (verdict_.head == known_head_) verdict_.has_known_head = true;
    former_ = seal.chain;
    last_ = seal.last;
    return {};
  }

  // Of the entries that the seal is over; nothing where some were dropped.
  Result<std::optional<oci::Digest>> content_of(const Seal& seal) {
    crypto::Hasher hasher(crypto::HashAlgorithm::Sha256);
    count_ = 0;
    for (std::int64_t after = last_;;) {
      TRY_ASSIGN(const auto page,
                 store_.view<Journal::Page>(context_, [&](const meta::Snapshot& snapshot) {
                   return snapshot.journal().read(after, kPage);
                 }));
      if (page.missed) return std::optional<oci::Digest>();
      for (const Journal::Entry& entry : page.entries) {
        if (entry.sequence > seal.last) return std::optional(digest_of(hasher));
        hasher.update(line_of(entry));
        after = entry.sequence;
        ++count_;
      }
      if (page.entries.empty()) return std::optional(digest_of(hasher));
    }
  }

  Result<void> count_unsealed() {
    for (std::int64_t after = last_;;) {
      TRY_ASSIGN(const auto page,
                 store_.view<Journal::Page>(context_, [&](const meta::Snapshot& snapshot) {
                   return snapshot.journal().read(after, kPage);
                 }));
      if (page.entries.empty()) return {};
      verdict_.unsealed += page.entries.size();
      after = page.entries.back().sequence;
    }
  }

  Context& context_;
  meta::Store& store_;
  const WallTime now_;
  const std::string_view known_head_;
  Verdict verdict_;
  std::optional<oci::Digest> former_;
  std::int64_t last_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace

// The entries are read and hashed before the transaction, where nobody waits for it: they are
// settled, and the seal before is looked at again.
Result<std::size_t> seal_next(Context& context, meta::Store& store, const Clock& clock) {
  TRY_ASSIGN(const Next next, store.view<Next>(context, &find_next));
  if (next.entries.empty()) return std::size_t{0};
  crypto::Hasher hasher(crypto::HashAlgorithm::Sha256);
  for (const Journal::Entry& entry : next.entries) hasher.update(line_of(entry));
  const std::int64_t last = next.entries.back().sequence;
  const WallTime at = clock.wall();
  const oci::Digest content = digest_of(hasher);
  std::optional<oci::Digest> former;
  if (next.former) former = next.former->chain;
  const Seal seal{last, at, content, chain_of(former, last, at, content)};
  bool sealed = false;
  TRY(store.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto now_last, if_there(tx.seals().last()));
    sealed = (now_last ? now_last->last : 0) == next.begin();
    if (sealed) TRY(tx.seals().add(seal));
    return {};
  }));
  return sealed ? next.entries.size() : 0;
}

Result<Verdict> verify(Context& context, meta::Store& store, const Clock& clock,
                       std::string_view known_head) {
  return Verifier(context, store, clock.wall(), known_head).run();
}

}  // namespace entrepot::audit
