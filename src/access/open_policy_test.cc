#include "access/open_policy.h"

#include <vector>

#include "base/testing/assert_ok.h"

namespace entrepot::access {
namespace {

using Verdict = Decision::Verdict;

std::vector<Action> all_actions() {
  std::vector<Action> actions;
  for (std::size_t i = 0; i < kActions; ++i) actions.push_back(static_cast<Action>(i));
  return actions;
}

// What every way to ask says; they must not differ.
Decision ask(const OpenPolicy& policy, const Subject& subject, Action action) {
  const Question question{subject, action, "acme/app", "192.0.2.1"};
  const auto known = policy.recall(question);
  EXPECT_TRUE(known.has_value());
  Context context("test");
  const auto decided = policy.decide(context, question);
  EXPECT_OK(decided);
  EXPECT_EQ(decided->verdict, known->verdict);
  EXPECT_EQ(policy.allows_everywhere(question), known->allowed());
  const std::vector<oci::RepositoryName> two = {oci::RepositoryName::parse("a").value(),
                                                oci::RepositoryName::parse("b/c").value()};
  EXPECT_EQ(policy.allowed_among(context, question, two).value(),
            std::vector<bool>(2, known->allowed()));
  return *known;
}

TEST(OpenPolicy, LetsEveryoneDoEverything) {
  const OpenPolicy policy({.deletes = true, .read_only = false});
  for (const Subject& subject : {Subject::anonymous(), Subject(SubjectKind::User, 7, "alice"),
                                 Subject(SubjectKind::System, 0, "collector")}) {
    for (const Action action : all_actions()) {
      const Decision decision = ask(policy, subject, action);
      EXPECT_TRUE(decision.allowed()) << name_of(action);
      EXPECT_EQ(decision.reason, "open mode");
    }
  }
}

// Nobody may, so the answer is not that this caller may not.
TEST(OpenPolicy, DeletesSwitchedOffAreUnsupported) {
  const OpenPolicy policy({.deletes = false, .read_only = false});
  const Decision decision = ask(policy, Subject::anonymous(), Action::Delete);
  EXPECT_EQ(decision.verdict, Verdict::Unsupported);
  EXPECT_NE(decision.reason.find("storage.delete"), std::string::npos);
  EXPECT_TRUE(ask(policy, Subject::anonymous(), Action::Push).allowed());
}

TEST(OpenPolicy, ReadOnlyRefusesWritesAlone) {
  const OpenPolicy policy({.deletes = true, .read_only = true});
  for (const Action action : all_actions()) {
    const Decision decision = ask(policy, Subject::anonymous(), action);
    EXPECT_EQ(decision.allowed(), only_reads(action)) << name_of(action);
    if (only_reads(action)) continue;
    EXPECT_EQ(decision.verdict, Verdict::Unsupported);
    EXPECT_NE(decision.reason.find("read-only"), std::string::npos);
  }
}

TEST(Action, NamesAreReadBack) {
  for (const Action action : all_actions()) EXPECT_EQ(parse_action(name_of(action)), action);
  EXPECT_EQ(parse_action("Pull"), std::nullopt);
  EXPECT_EQ(parse_action(""), std::nullopt);
}

TEST(Actions, AreASet) {
  constexpr Actions kRead{Action::See, Action::Pull};
  constexpr Actions kWrite = kRead | Actions{Action::Push};
  EXPECT_TRUE(kWrite.has(Action::Push));
  EXPECT_FALSE(kRead.has(Action::Push));
  EXPECT_EQ(kWrite & kRead, kRead);
  EXPECT_EQ((kWrite & Actions{Action::Remove}), Actions());
}

TEST(Subject, AnonymousHasNoName) {
  EXPECT_EQ(Subject::anonymous().kind(), SubjectKind::Anonymous);
  EXPECT_EQ(Subject::anonymous().name(), "");
  EXPECT_EQ(Subject(SubjectKind::Robot, 3, "acme/ci").name(), "acme/ci");
}

// Another credential of the same account is the same account; a new account of the same name is
// not.
TEST(Subject, AccountsAreTheSameByTheirIds) {
  const auto bound = std::make_shared<const Bound>();
  const Subject alice(SubjectKind::User, 7, "alice");
  EXPECT_TRUE(alice.is_same_as(Subject(SubjectKind::User, 7, "alice", bound)));
  EXPECT_FALSE(alice.is_same_as(Subject(SubjectKind::User, 8, "alice")));
  EXPECT_FALSE(alice.is_same_as(Subject(SubjectKind::Robot, 7, "alice")));
  EXPECT_FALSE(alice.is_same_as(Subject::anonymous()));
}

}  // namespace
}  // namespace entrepot::access
