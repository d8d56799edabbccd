#pragma once
// scrub/losses.h — which tags miss something.

#include <functional>
#include <string>

#include "registry/stores.h"

namespace entrepot::scrub {

// A tag whose image cannot be pulled whole.
struct Loss {
  std::string repository;
  std::string tag;
  std::string why;  // "its manifest is damaged", "sha256:… is damaged", "… is not there"
};

// Tells each tag whose manifest is damaged, or names, directly or through children, what is
// damaged; or names a config or layer that its repository does not have (non-distributable layers,
// and children of an index, may be missing). Reads the metadata alone; ascending by repository and
// tag.
using Tell = std::function<void(const Loss&)>;
Result<void> find_losses(Context& context, meta::Store& meta, const Tell& tell);

}  // namespace entrepot::scrub
