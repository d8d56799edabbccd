#include "registry/visible.h"

#include <algorithm>

namespace entrepot::registry {
namespace {

constexpr std::size_t kAtOnce = 1000;

// Which of the names the question's subject may see.
Result<std::vector<bool>> seen_among(Context& context, const access::Policy& policy,
                                     const access::Question& question,
                                     const std::vector<std::string>& names) {
  std::vector<oci::RepositoryName> repositories;
  for (const std::string& name : names) {
    TRY_ASSIGN(auto repository, oci::RepositoryName::parse(name));
    repositories.push_back(std::move(repository));
  }
  return policy.allowed_among(context, question, repositories);
}

}  // namespace

Result<VisiblePage> find_visible(Context& context, const Puller& pull, const access::Policy& policy,
                                 const access::Question& question, const VisibleQuery& query) {
  VisiblePage page;
  if (query.limit == 0) return page;
  const bool sees_all = policy.allows_everywhere(question);
  const bool takes_all = sees_all && query.containing.empty();
  const std::size_t at_once = std::min(kAtOnce, query.most_looked_at);
  std::string after = query.after;
  for (std::size_t looked_at = 0;;) {
    TRY(context.alive());
    TRY_ASSIGN(auto found, pull.repositories(context, after, takes_all ? query.limit : at_once,
                                             query.name_space));
    if (found.names.empty()) return page;
    after = found.names.back();
    looked_at += found.names.size();
    std::erase_if(found.names, [&](const std::string& name) {
      return name.find(query.containing, query.name_space.size()) == std::string::npos;
    });
    std::vector<bool> seen(found.names.size(), true);
    if (!sees_all) {
      TRY_ASSIGN(seen, seen_among(context, policy, question, found.names));
    }
    for (std::size_t i = 0; i < found.names.size(); ++i) {
      if (!seen[i]) continue;
      if (page.names.size() == query.limit) {
        page.next = page.names.back();
        return page;
      }
      page.names.push_back(std::move(found.names[i]));
    }
    if (!found.more) return page;
    // `after` may be a name that this caller must not see.
    if (takes_all || (sees_all && looked_at >= query.most_looked_at)) {
      page.next = after;
      return page;
    }
  }
}

}  // namespace entrepot::registry
