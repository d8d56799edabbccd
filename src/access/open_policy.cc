#include "access/open_policy.h"

namespace entrepot::access {

using Verdict = Decision::Verdict;

Decision OpenPolicy::judge(Action action) const {
  if (auto refused = switches_.refuse(action)) return *std::move(refused);
  return {Verdict::Allowed, "open mode"};
}

std::optional<Decision> OpenPolicy::recall(const Question& question) const {
  return judge(question.action);
}

Result<Decision> OpenPolicy::decide(Context& /*context*/, const Question& question) const {
  return judge(question.action);
}

Result<std::vector<bool>> OpenPolicy::allowed_among(
    Context& /*context*/, const Question& question,
    std::span<const oci::RepositoryName> repositories) const {
  return std::vector<bool>(repositories.size(), judge(question.action).allowed());
}

bool OpenPolicy::allows_everywhere(const Question& question) const {
  return judge(question.action).allowed();
}

}  // namespace entrepot::access
