#pragma once
// access/subject.h — who is asking, once credentials have become somebody.

#include <cstdint>
#include <string>
#include <string_view>

namespace entrepot::access {

enum class SubjectKind : std::uint8_t {
  Anonymous,  // nobody in particular
  User,
  Robot,     // a machine account
  Workload,  // a federated identity, named by its issuer's token
  System,    // the program itself: the collector, a schedule
};

// A value. What it may do is asked of Policy, never read off the subject.
class Subject {
 public:
  static Subject anonymous() { return {}; }
  Subject(SubjectKind kind, std::string name) : kind_(kind), name_(std::move(name)) {}

  SubjectKind kind() const { return kind_; }
  // As the journal and the audit write it; "" for anonymous.
  std::string_view name() const { return name_; }

 private:
  Subject() = default;
  SubjectKind kind_ = SubjectKind::Anonymous;
  std::string name_;
};

}  // namespace entrepot::access
