#pragma once
// json/key.h — is a key of an object the one that is meant?

#include <string_view>

namespace entrepot::json {

// Would a decoder that ignores case (Go's does, also for U+017F and U+212A) read `key` as `name`?
bool reads_as(std::string_view key, std::string_view name);

}  // namespace entrepot::json
