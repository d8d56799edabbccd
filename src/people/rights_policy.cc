#include "people/rights_policy.h"

namespace entrepot::people {
namespace {

using access::Decision;
using access::Question;

meta::AccountId account_of(const Question& question) {
  return meta::AccountId{question.subject.id()};
}

// Of the registry as a whole: no place has to be known.
const Place kNowhere{};

}  // namespace

std::optional<Decision> RightsPolicy::recall(const Question& question) const {
  if (auto off = switches_.refuse(question.action)) return off;
  const auto standing = memory_.recall_standing(account_of(question));
  if (!standing) return std::nullopt;
  if (question.repository.empty()) return judge(*standing, kNowhere, question);
  const auto place = memory_.recall_place(question.repository);
  if (!place) return std::nullopt;
  return judge(*standing, *place, question);
}

Result<Decision> RightsPolicy::decide(Context& context, const Question& question) const {
  if (auto off = switches_.refuse(question.action)) return *std::move(off);
  TRY_ASSIGN(const auto standing, memory_.find_standing(context, account_of(question)));
  if (question.repository.empty()) return judge(*standing, kNowhere, question);
  TRY_ASSIGN(const auto place, memory_.find_place(context, question.repository));
  return judge(*standing, *place, question);
}

Result<std::vector<bool>> RightsPolicy::allowed_among(
    Context& context, const Question& question,
    std::span<const oci::RepositoryName> repositories) const {
  std::vector<bool> allowed(repositories.size());
  if (switches_.refuse(question.action)) return allowed;
  TRY_ASSIGN(const auto standing, memory_.find_standing(context, account_of(question)));
  TRY(store_.read(context, [&](const meta::Snapshot& snapshot) -> Result<void> {
    for (std::size_t i = 0; i < repositories.size(); ++i) {
      TRY_ASSIGN(const Place place, people::find_place(snapshot, repositories[i].str()));
      Question one = question;
      one.repository = repositories[i].str();
      allowed[i] = judge(*standing, place, one).allowed();
    }
    return {};
  }));
  return allowed;
}

Result<access::Reach> RightsPolicy::reach(Context& context, const Question& question) const {
  TRY_ASSIGN(const auto standing, memory_.find_standing(context, account_of(question)));
  return reach_of(*standing, question);
}

bool RightsPolicy::allows_everywhere(const Question& question) const {
  if (switches_.refuse(question.action)) return false;
  const auto standing = memory_.recall_standing(account_of(question));
  return standing && people::allows_everywhere(*standing, question);
}

}  // namespace entrepot::people
