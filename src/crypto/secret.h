#pragma once
// crypto/secret.h — secrets that the server makes up: tokens, and the first password.

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace entrepot::crypto {

// A secret is 256 random bits as text that says what it is and whether it was typed whole:
//
//   ent_pat_5SH8rqsYVb5lfTpvUuuUbkZFkqOxXkSzjt2ev7rRbwp2qCoCd
//       |   |                                          |
//       |   43 random characters                       6 of the CRC-32 of all before
//       its kind: 2 to 8 lower-case letters that the caller gives
//
// Behind the last underscore there are only letters and digits, so a double click takes it whole,
// and what looks for lost secrets finds it by
//
//   \bent_[a-z]{2,8}_[0-9A-Za-z]{49}\b
//
// All functions are thread-safe and take microseconds.

inline constexpr std::string_view kSecretStart = "ent_";

// A new one. `kind` is a constant of the caller's, such as "pat".
std::string make_secret(std::string_view kind);

// The kind of `text` (a part of it), or nothing where start, length, alphabet or checksum are
// wrong: a typing error, or no secret of ours at all. Anybody can make a text that passes, so it is
// only worth a look-up then.
std::optional<std::string_view> parse_secret(std::string_view text);

// What is kept of a secret and found by: the SHA-256 of its whole text, 32 octets. It needs neither
// salt nor cost: 256 bits cannot be guessed.
Bytes fingerprint_of(std::string_view text);

// A password that a person reads and types once, such as "k7mwp-3xd9t-hq4vn-gz2rj": 96 random bits,
// without letters and digits that look alike, and without words. Unlike a secret it is kept as
// passwords are.
std::string make_one_time_password();

}  // namespace entrepot::crypto
