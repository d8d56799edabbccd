#pragma once
// people/kept_secret.h — secrets that we make up: kept by their hash, found by themselves.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/context.h"
#include "meta/store.h"

namespace entrepot::people {

// Makes one up for a sign-in, and keeps it: `kind` as in its text ("ses"), and all else in
// `secret`, whose fingerprint is set here. Of those of its account and kind the `most` that end
// last are left. Its name is for people to read: what is no printable ASCII is left out, and so is
// what is longer than kMostName. Durable; waits for a commit. The text is told once.
Result<std::string> keep_secret(Context& context, meta::Store& store, std::string_view kind,
                                meta::NewSecret secret, std::size_t most);
inline constexpr std::size_t kMostName = 100;

// A secret with its account; whether either still counts is the caller's question.
struct OwnedSecret {
  meta::Account account;
  meta::Secret secret;
};

// Nothing for a text that is none of ours, or is gone.
Result<std::optional<OwnedSecret>> find_secret(Context& context, meta::Store& store,
                                               std::string_view text);

}  // namespace entrepot::people
