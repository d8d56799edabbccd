#pragma once
// json/text.h — a value that was read becomes JSON again.

#include <string>

#include "json/reader.h"

namespace entrepot::json {

// Without blanks, members in their order. Of a number that no integer of 64 bits holds, what the
// reader made of it.
std::string text_of(const Value& value);

}  // namespace entrepot::json
