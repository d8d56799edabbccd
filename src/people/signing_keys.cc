#include "people/signing_keys.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "crypto/jwt.h"

namespace entrepot::people {
namespace {

using Row = meta::Settings::Entry;

constexpr std::string_view kRows = "tokens.key.";  // behind it: when it was made
constexpr std::string_view kAsked = "tokens.new_key";
constexpr std::string_view kAtOnce = "former end";
constexpr std::string_view kPurpose = "token signing key";
constexpr std::size_t kMostKeys = 100;

std::string row_name(WallTime made_at) {
  return fmt::format("{}{:020}", kRows, to_unix_micros(made_at));
}

WallTime made_at(const Row& row) {
  std::int64_t micros = 0;
  const char* const begin = row.key.data() + kRows.size();
  std::from_chars(begin, row.key.data() + row.key.size(), micros);
  return from_unix_micros(micros);
}

// What the store has of the keys.
struct Kept {
  std::vector<Row> rows;  // oldest first
  std::string asked;      // "" when nobody did
};

Result<Kept> find_kept(const meta::Snapshot& snapshot) {
  Kept kept;
  TRY_ASSIGN(kept.rows, snapshot.settings().list(kRows, "", kMostKeys));
  TRY_ASSIGN(auto asked, if_there(snapshot.settings().get(kAsked)));
  kept.asked = asked.value_or("");
  return kept;
}

// A key is dropped when it has not signed for long enough.
bool is_over(const std::vector<Row>& rows, std::size_t i, WallTime now) {
  return i + 1 < rows.size() &&
         made_at(rows[i + 1]) + SigningKeys::kSettles + SigningKeys::kStillKnown < now;
}

bool wants_new(const Kept& kept, WallTime now) {
  return kept.rows.empty() || !kept.asked.empty() ||
         made_at(kept.rows.back()) + SigningKeys::kKeyLasts <= now;
}

bool is_settled(const Kept& kept, WallTime now) {
  return !wants_new(kept, now) && !is_over(kept.rows, 0, now);
}

// Brings the rows to what they should be. `fresh`, sealed, is written where a new key is wanted.
Result<void> settle(meta::Transaction& tx, const std::string& fresh, bool in_any_case,
                    WallTime now) {
  TRY_ASSIGN(const Kept kept, find_kept(tx));
  const bool all_end = kept.asked == kAtOnce;
  for (std::size_t i = 0; i < kept.rows.size(); ++i) {
    if (all_end || is_over(kept.rows, i, now)) TRY(tx.settings().remove(kept.rows[i].key));
  }
  if (!in_any_case && !wants_new(kept, now)) return {};
  if (!kept.asked.empty()) TRY(tx.settings().remove(kAsked));
  // Behind the newest, also by a clock that was put back.
  const WallTime newest = kept.rows.empty() ? WallTime() : made_at(kept.rows.back());
  return tx.settings().set(row_name(std::max(now, newest + std::chrono::microseconds(1))), fresh);
}

Result<std::string> make_sealed_key(const crypto::SealingKey& sealing) {
  TRY_ASSIGN(const auto key, crypto::SigningKey::generate(crypto::SigningAlgorithm::Es256));
  TRY_ASSIGN(const Bytes der, key.pkcs8());
  TRY_ASSIGN(const Bytes sealed, crypto::seal(sealing, kPurpose, der));
  return crypto::to_base64url(sealed);
}

// Nothing, where it is sealed under another key.
Result<std::optional<crypto::SigningKey>> open_key(const Row& row,
                                                   const crypto::SealingKey& sealing) {
  const auto sealed = crypto::from_base64url(row.value);
  if (!sealed) return std::optional<crypto::SigningKey>();
  const auto der = crypto::open_sealed(sealing, kPurpose, *sealed);
  if (!der && der.error().code == ErrorCode::Corrupt) return std::optional<crypto::SigningKey>();
  if (!der) return Failure(der.error());
  TRY_ASSIGN(auto key, crypto::SigningKey::from_pkcs8(*der));
  return std::optional<crypto::SigningKey>(std::move(key));
}

Result<SigningKeys::Keys> open_keys(const std::vector<Row>& rows,
                                    const crypto::SealingKey& sealing) {
  SigningKeys::Keys keys;
  for (const Row& row : rows) {
    TRY_ASSIGN(auto key, open_key(row, sealing));
    if (key) keys.push_back({row.key, made_at(row), *std::move(key)});
  }
  return keys;
}

bool are_these(const SigningKeys::Keys& keys, const std::vector<Row>& rows) {
  return std::equal(
      keys.begin(), keys.end(), rows.begin(), rows.end(),
      [](const SigningKeys::Key& key, const Row& row) { return key.name == row.key; });
}

}  // namespace

Result<std::unique_ptr<SigningKeys>> SigningKeys::open(Context& context, meta::Store& store,
                                                       const crypto::SealingKey& sealing,
                                                       const Clock& clock) {
  std::unique_ptr<SigningKeys> keys(new SigningKeys(store, sealing, clock));
  TRY(keys->look_again(context));
  return keys;
}

Result<void> SigningKeys::look_again(Context& context) {
  const WallTime now = clock_.wall();
  TRY_ASSIGN(auto kept, store_.view<Kept>(context, &find_kept));
  const auto known = all();
  if (known && is_settled(kept, now) && are_these(*known, kept.rows)) return {};
  TRY_ASSIGN(Keys keys, open_keys(kept.rows, sealing_));
  if (keys.empty() || !is_settled(kept, now)) {
    auto renewed = renew(context, keys.empty(), now);
    if (renewed) {
      keys = *std::move(renewed);
    } else if (keys.empty()) {
      return propagate(std::move(renewed));
    } else {
      log::warning("the key that signs tokens stays as it is: {}", renewed.error());
    }
  }
  const MutexLock lock(mutex_);
  keys_ = std::make_shared<const Keys>(std::move(keys));
  return {};
}

Result<SigningKeys::Keys> SigningKeys::renew(Context& context, bool in_any_case, WallTime now) {
  TRY_ASSIGN(const std::string fresh, make_sealed_key(sealing_));
  TRY(store_.write(context,
                   [&](meta::Transaction& tx) { return settle(tx, fresh, in_any_case, now); }));
  TRY_ASSIGN(const auto kept, store_.view<Kept>(context, &find_kept));
  TRY_ASSIGN(auto keys, open_keys(kept.rows, sealing_));
  if (keys.empty()) return fail(ErrorCode::Unavailable, "no key that signs tokens can be read");
  return keys;
}

std::shared_ptr<const SigningKeys::Keys> SigningKeys::all() const {
  const MutexLock lock(mutex_);
  return keys_;
}

const SigningKeys::Key& SigningKeys::signing(const Keys& keys) const {
  const WallTime settled = clock_.wall() - kSettles;
  const auto newest = std::find_if(keys.rbegin(), keys.rend(),
                                   [&](const Key& key) { return key.made_at <= settled; });
  return newest == keys.rend() ? keys.front() : *newest;
}

Result<std::vector<WallTime>> list_signing_keys(Context& context, meta::Store& store) {
  TRY_ASSIGN(const auto kept, store.view<Kept>(context, &find_kept));
  std::vector<WallTime> times;
  for (const Row& row : kept.rows) times.push_back(made_at(row));
  return times;
}

Result<void> ask_for_new_key(Context& context, meta::Store& store, const events::Actor& by,
                             FormerKeys former, WallTime now) {
  return store.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY(tx.settings().set(kAsked, former == FormerKeys::End ? kAtOnce : "former stay"));
    return tx.journal().add({.kind = events::EventKind::SecretCreated,
                             .at = now,
                             .actor = by,
                             .detail = R"({"kind":"signing key"})"});
  });
}

}  // namespace entrepot::people
