#include "people/kept_secret.h"

#include <algorithm>
#include <iterator>

#include "crypto/secret.h"

namespace entrepot::people {
namespace {

std::string readable(std::string_view text) {
  std::string kept;
  std::copy_if(text.begin(), text.end(), std::back_inserter(kept),
               [](char c) { return c >= ' ' && c <= '~'; });
  kept.resize(std::min(kept.size(), kMostName));
  return kept;
}

}  // namespace

Result<std::string> keep_secret(Context& context, meta::Store& store, std::string_view kind,
                                meta::NewSecret secret, std::size_t most) {
  std::string text = crypto::make_secret(kind);
  secret.name = readable(secret.name);
  secret.fingerprint = crypto::fingerprint_of(text);
  TRY(store.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY(tx.secrets().add(secret));
    return tx.secrets().trim(secret.account, secret.kind, most);
  }));
  return text;
}

Result<std::optional<OwnedSecret>> find_secret(Context& context, meta::Store& store,
                                               std::string_view text) {
  if (!crypto::parse_secret(text)) return std::nullopt;
  const Bytes fingerprint = crypto::fingerprint_of(text);
  const auto look = [&](const meta::Snapshot& snapshot) -> Result<OwnedSecret> {
    TRY_ASSIGN(auto secret, snapshot.secrets().find(fingerprint));
    TRY_ASSIGN(auto account, snapshot.accounts().find(secret.account));
    return OwnedSecret{std::move(account), std::move(secret)};
  };
  return if_there(store.view<OwnedSecret>(context, look));
}

}  // namespace entrepot::people
