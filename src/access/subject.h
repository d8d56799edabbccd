#pragma once
// access/subject.h — who is asking, once credentials have become somebody.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/action.h"
#include "base/clock.h"

namespace entrepot::access {

enum class SubjectKind : std::uint8_t {
  Anonymous,  // nobody in particular
  User,
  Robot,     // a machine account
  Workload,  // a federated identity, named by its issuer's token
  System,    // the program itself: the collector, a schedule
};

// What a credential allows at most, as it was written when the credential was made: a token's
// scope, for example. It gives no right; a policy takes away what lies outside of it.
struct Bound {
  struct Scope {
    std::string repository;  // a name, or a pattern as in grants; "" for the registry as a whole
    Actions actions;
  };
  std::vector<Scope> scopes;
  std::optional<WallTime> expires_at;
  bool only_ends = false;  // until then it allows all that the account may do
};

// A value. What it may do is asked of Policy, never read off the subject.
class Subject {
 public:
  static Subject anonymous() { return {}; }

  // `id` is the account's: never given twice, and the same after a rename; 0 for who has no
  // account. `bound` null: whatever the account may do.
  Subject(SubjectKind kind, std::int64_t id, std::string name,
          std::shared_ptr<const Bound> bound = nullptr)
      : kind_(kind), id_(id), name_(std::move(name)), bound_(std::move(bound)) {}

  SubjectKind kind() const { return kind_; }
  std::int64_t id() const { return id_; }
  // As the journal, the log and the audit write it; "" for anonymous.
  std::string_view name() const { return name_; }
  const Bound* bound() const { return bound_.get(); }
  // May it do whatever the account may?
  bool is_unbound() const { return bound_ == nullptr || bound_->only_ends; }

  // Is it the same account? Credentials do not matter.
  bool is_same_as(const Subject& other) const {
    return kind_ == other.kind_ && id_ == other.id_ && name_ == other.name_;
  }

 private:
  Subject() = default;
  SubjectKind kind_ = SubjectKind::Anonymous;
  std::int64_t id_ = 0;
  std::string name_;
  std::shared_ptr<const Bound> bound_;
};

}  // namespace entrepot::access
