#pragma once
// crypto/seeded_hash.h — a hash for tables whose keys clients choose.

#include <cstddef>
#include <string_view>

namespace entrepot::crypto {

// For unordered containers. Its seed is made at random for each process, so that nobody outside can
// choose many names that fall into one bucket. Not a digest: never stored, never compared between
// processes. A few nanoseconds for a name.
struct SeededHash {
  std::size_t operator()(std::string_view text) const noexcept;
};

}  // namespace entrepot::crypto
