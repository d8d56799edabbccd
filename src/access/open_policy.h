#pragma once
// access/open_policy.h — the policy of a registry without accounts.

#include "access/switches.h"

namespace entrepot::access {

// Everything is public, and whoever reaches the server may do everything that is switched on.
// Always answers from memory. Thread-safe.
class OpenPolicy final : public Policy {
 public:
  explicit OpenPolicy(Switches switches) : switches_(switches) {}

  std::optional<Decision> recall(const Question& question) const override;
  Result<Decision> decide(Context& context, const Question& question) const override;
  Result<std::vector<bool>> allowed_among(
      Context& context, const Question& question,
      std::span<const oci::RepositoryName> repositories) const override;
  bool allows_everywhere(const Question& question) const override;

 private:
  Decision judge(Action action) const;

  const Switches switches_;
};

}  // namespace entrepot::access
