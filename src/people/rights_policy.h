#pragma once
// people/rights_policy.h — the policy of a registry with accounts.

#include "access/switches.h"
#include "people/memory.h"

namespace entrepot::people {

// Decides by what the account may do now (people/rights.h), whatever the credential was made for.
// Thread-safe.
class RightsPolicy final : public access::Policy {
 public:
  RightsPolicy(Memory& memory, meta::Store& store, access::Switches switches)
      : memory_(memory), store_(store), switches_(switches) {}

  std::optional<access::Decision> recall(const access::Question& question) const override;
  Result<access::Decision> decide(Context& context,
                                  const access::Question& question) const override;
  Result<std::vector<bool>> allowed_among(
      Context& context, const access::Question& question,
      std::span<const oci::RepositoryName> repositories) const override;
  bool allows_everywhere(const access::Question& question) const override;
  Result<access::Reach> reach(Context& context, const access::Question& question) const override;

 private:
  Memory& memory_;
  meta::Store& store_;
  const access::Switches switches_;
};

}  // namespace entrepot::people
