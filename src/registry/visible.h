#pragma once
// registry/visible.h — the repositories that somebody may see, page by page.

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "access/policy.h"
#include "registry/pull.h"

namespace entrepot::registry {

struct VisibleQuery {
  std::string after = {};       // "" from the start
  std::string containing = {};  // a part of the name, behind `name_space`; "" any
  std::string name_space = {};  // of this one alone, the empty ones as well; "" any
  std::size_t limit = 100;
  // Names that are looked at, for who may see all of them; a page that ends for that may be short,
  // or empty. For others a page ends with what they see alone, so that no name is given away.
  std::size_t most_looked_at = std::numeric_limits<std::size_t>::max();
};

struct VisiblePage {
  std::vector<std::string> names;   // ascending, in ASCII order
  std::optional<std::string> next;  // where to go on (VisibleQuery::after); nothing: it is the end
};

// `question` is about Action::See of whoever asks. Costs what is looked at, which for somebody who
// may see everything is no more than the page.
Result<VisiblePage> find_visible(Context& context, const Puller& pull, const access::Policy& policy,
                                 const access::Question& question, const VisibleQuery& query);

}  // namespace entrepot::registry
