#include "access/policy.h"

#include <span>

#include <gtest/gtest.h>

namespace entrepot::access {
namespace {

constexpr Action kReads[] = {Action::Ping, Action::ListCatalog, Action::Pull};
constexpr Action kWrites[] = {Action::Push, Action::Delete};

TEST(OpenPolicy, LetsEveryoneDoEverything) {
  const OpenPolicy policy({.deletes = true, .read_only = false});
  const Subject subjects[] = {Subject::anonymous(), Subject(SubjectKind::User, "alice"),
                              Subject(SubjectKind::System, "collector")};
  for (const Subject& subject : subjects) {
    for (const auto& actions :
         {std::span<const Action>(kReads), std::span<const Action>(kWrites)}) {
      for (const Action action : actions) {
        const Decision decision = policy.decide(subject, action, {"acme/app"});
        EXPECT_TRUE(decision.allowed);
        EXPECT_EQ(decision.reason, "open mode");
      }
    }
  }
}

// Nobody may, so the answer is not that this caller may not.
TEST(OpenPolicy, DeletesSwitchedOffAreUnsupported) {
  const OpenPolicy policy({.deletes = false, .read_only = false});
  const Decision decision = policy.decide(Subject::anonymous(), Action::Delete, {"acme/app"});
  EXPECT_FALSE(decision.allowed);
  EXPECT_EQ(decision.code, ErrorCode::Unsupported);
  EXPECT_NE(decision.reason.find("storage.delete"), std::string_view::npos);
  EXPECT_TRUE(policy.decide(Subject::anonymous(), Action::Push, {"acme/app"}).allowed);
}

TEST(OpenPolicy, ReadOnlyRefusesWritesAlone) {
  const OpenPolicy policy({.deletes = true, .read_only = true});
  for (const Action action : kReads) {
    EXPECT_TRUE(policy.decide(Subject::anonymous(), action, {}).allowed);
  }
  for (const Action action : kWrites) {
    const Decision decision = policy.decide(Subject::anonymous(), action, {"acme/app"});
    EXPECT_FALSE(decision.allowed);
    EXPECT_EQ(decision.code, ErrorCode::Unsupported);
    EXPECT_NE(decision.reason.find("read-only"), std::string_view::npos);
  }
}

TEST(Subject, AnonymousHasNoName) {
  EXPECT_EQ(Subject::anonymous().kind(), SubjectKind::Anonymous);
  EXPECT_EQ(Subject::anonymous().name(), "");
  EXPECT_EQ(Subject(SubjectKind::Robot, "acme/ci").name(), "acme/ci");
}

}  // namespace
}  // namespace entrepot::access
