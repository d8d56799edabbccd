#pragma once
// json/internal/big_numbers.h — JSON whose numbers are larger than any type of ours.

#include "base/bytes.h"

namespace entrepot::json::internal {

// The same text with another number in the place of each whole number beyond 64 bits and of each
// with a point or an exponent: 0.5, which like those is no integer, and blanks. What is
// no JSON stays none. For the rare text that holds one: linear, but it copies.
Bytes without_big_numbers(ByteView json);

}  // namespace entrepot::json::internal
