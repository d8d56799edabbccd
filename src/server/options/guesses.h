#pragma once
// server/options/guesses.h — what an option is called elsewhere.

#include <string_view>

#include "server/options/options.h"

namespace entrepot::server {

// The option that somebody means who says `word` as a flag or in a variable's name, by habit from
// other programs: "port", "addr" and "listen" mean http.listen. In small letters, with "-" between
// words. Null when nothing fits.
const Option* guessed_option(std::string_view word);

}  // namespace entrepot::server
