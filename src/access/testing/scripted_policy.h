#pragma once
// access/testing/scripted_policy.h — a policy that does as a test wants, and remembers what it was
// asked.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "access/policy.h"
#include "base/mutex.h"

namespace entrepot::access::testing {

class ScriptedPolicy final : public Policy {
 public:
  struct Asked {
    std::string subject;
    Action action;
    std::string repository;
  };

  // Set before the first question. Whatever is not said to be otherwise is allowed.
  std::function<Decision::Verdict(const Question&)> judge = [](const Question&) {
    return Decision::Verdict::Allowed;
  };
  bool knows_from_memory = true;  // else recall() leaves it to decide()
  bool is_away = false;           // decide() finds no store

  std::optional<Decision> recall(const Question& question) const override {
    if (!knows_from_memory) return std::nullopt;
    return judged(question);
  }
  Result<Decision> decide(Context& /*context*/, const Question& question) const override {
    if (is_away) return fail(ErrorCode::Unavailable, "the policy's store is away");
    return judged(question);
  }
  Result<std::vector<bool>> allowed_among(
      Context& /*context*/, const Question& question,
      std::span<const oci::RepositoryName> repositories) const override {
    std::vector<bool> allowed;
    for (const auto& name : repositories) {
      Question one{question.subject, question.action, name.str(), question.address, question.at};
      allowed.push_back(judged(one).allowed());
    }
    return allowed;
  }
  bool allows_everywhere(const Question& /*question*/) const override { return false; }

  std::vector<Asked> asked() const {
    const MutexLock lock(mutex_);
    return asked_;
  }
  void forget() {
    const MutexLock lock(mutex_);
    asked_.clear();
  }

 private:
  Decision judged(const Question& question) const {
    const MutexLock lock(mutex_);
    asked_.push_back(
        {std::string(question.subject.name()), question.action, std::string(question.repository)});
    return {judge(question), std::string(question.subject.name()) + " may not " +
                                 std::string(name_of(question.action)) + " " +
                                 std::string(question.repository)};
  }

  mutable Mutex mutex_;
  mutable std::vector<Asked> asked_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::access::testing
