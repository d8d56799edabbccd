#include "api/gate.h"

#include "access/testing/scripted_policy.h"
#include "auth/testing/scripted_authenticator.h"
#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "http/server/testing/request.h"

namespace entrepot::api {
namespace {

using access::Action;
using access::Decision;
using http::server::testing::make_request;

class GateTest : public ::testing::Test {
 protected:
  GateTest() {
    authenticator_.subjects.emplace("Basic alice",
                                    access::Subject(access::SubjectKind::User, 7, "alice"));
    authenticator_.executor = &executor_;
  }

  static http::Request anonymous() { return make_request("GET", "/v2/"); }
  static http::Request with(const std::string& credentials) {
    return make_request("GET", "/v2/", {{"Authorization", credentials}});
  }

  Context context_;
  entrepot::testing::FakeClock clock_;
  Executor executor_{{"hash", 1, 8}};
  auth::testing::ScriptedAuthenticator authenticator_;
  access::testing::ScriptedPolicy policy_;
  Gate gate_{authenticator_, policy_, clock_};
};

TEST_F(GateTest, WhatMemoryKnowsIsOverAtOnce) {
  const auto request = anonymous();
  Admission admission = gate_.look(request);
  EXPECT_FALSE(admission.is_over());
  gate_.recall(request, Action::Pull, "a/b", admission);
  ASSERT_TRUE(admission.is_over());
  EXPECT_TRUE(admission.decision->allowed());
  EXPECT_EQ(authenticator_.looks, 0);
}

TEST_F(GateTest, WhoHasToBeLookedUpSaysWhere) {
  const auto request = with("Basic alice");
  Admission admission = gate_.look(request);
  EXPECT_EQ(admission.executor, &executor_);
  gate_.recall(request, Action::Push, "a/b", admission);
  EXPECT_TRUE(policy_.asked().empty()) << "nobody is judged before it is known who it is";
  gate_.authenticate(context_, request, admission);
  gate_.decide(context_, request, Action::Push, "a/b", admission);
  ASSERT_TRUE(admission.is_over());
  EXPECT_EQ(admission.subject->name(), "alice");
  ASSERT_EQ(policy_.asked().size(), 1u);
  EXPECT_EQ(policy_.asked()[0].subject, "alice");
  EXPECT_EQ(policy_.asked()[0].repository, "a/b");
}

TEST_F(GateTest, WrongCredentialsAreAnErrorAndNotAnonymous) {
  const auto request = with("Basic mallory");
  Admission admission = gate_.look(request);
  gate_.authenticate(context_, request, admission);
  ASSERT_TRUE(admission.error.has_value());
  EXPECT_EQ(admission.error->code, ErrorCode::Unauthenticated);
  gate_.decide(context_, request, Action::Pull, "a/b", admission);
  EXPECT_FALSE(admission.decision.has_value());
  EXPECT_TRUE(policy_.asked().empty());
}

TEST_F(GateTest, CredentialsMayComeInAnotherWayThanTheHeader) {
  const auto request = with("Basic mallory");
  Admission admission = gate_.look(request, "Basic alice");
  EXPECT_EQ(admission.executor, &executor_);
  gate_.authenticate(context_, request, "Basic alice", admission);
  ASSERT_TRUE(admission.subject.has_value());
  EXPECT_EQ(admission.subject->name(), "alice");
}

// A decision that was made is not made again.
TEST_F(GateTest, NobodyIsJudgedTwice) {
  const auto request = anonymous();
  Admission admission = gate_.look(request);
  gate_.recall(request, Action::Pull, "a/b", admission);
  gate_.recall(request, Action::Pull, "a/b", admission);
  gate_.decide(context_, request, Action::Pull, "a/b", admission);
  EXPECT_EQ(policy_.asked().size(), 1u);
}

TEST_F(GateTest, WithoutThePolicysStoreNobodyGetsIn) {
  policy_.knows_from_memory = false;
  policy_.is_away = true;
  const auto request = anonymous();
  Admission admission = gate_.look(request);
  gate_.recall(request, Action::Pull, "a/b", admission);
  EXPECT_FALSE(admission.is_over());
  gate_.decide(context_, request, Action::Pull, "a/b", admission);
  ASSERT_TRUE(admission.error.has_value());
  EXPECT_EQ(admission.error->code, ErrorCode::Unavailable);
}

TEST_F(GateTest, QuestionsKnowAddressAndTime) {
  auto peer = http::server::testing::loopback_peer();
  peer.address = "192.0.2.7";
  const auto request = make_request("GET", "/v2/", {}, peer);
  const auto subject = access::Subject::anonymous();
  const auto question = gate_.question(request, subject, Action::Pull, "a");
  EXPECT_EQ(question.address, "192.0.2.7");
  EXPECT_EQ(question.at, clock_.wall());
}

}  // namespace
}  // namespace entrepot::api
