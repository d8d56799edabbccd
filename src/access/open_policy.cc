#include "access/open_policy.h"

namespace entrepot::access {

using Verdict = Decision::Verdict;

Decision OpenPolicy::judge(Action action) const {
  if (!only_reads(action) && options_.read_only) {
    return {Verdict::Unsupported, "this registry is read-only"};
  }
  if (action == Action::Delete && !options_.deletes) {
    return {Verdict::Unsupported, "deleting is switched off here (storage.delete)"};
  }
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
