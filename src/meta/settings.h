#pragma once
// meta/settings.h — small facts about the store itself.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace entrepot::meta {

// Small facts about the store itself: its id, what was adopted.
class Settings {
 public:
  struct Entry {
    std::string key;
    std::string value;
  };

  virtual ~Settings() = default;
  virtual Result<std::string> get(std::string_view key) const = 0;  // NotFound
  // Those whose keys begin with `prefix`; `after` is a whole key.
  virtual Result<std::vector<Entry>> list(std::string_view prefix, std::string_view after,
                                          std::size_t limit) const = 0;
  virtual Result<void> set(std::string_view key, std::string_view value) = 0;
  // Nothing happens to one that is not there.
  virtual Result<void> remove(std::string_view key) = 0;
};

}  // namespace entrepot::meta
