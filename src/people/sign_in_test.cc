#include "people/sign_in.h"

#include "crypto/secret.h"
#include "people/testing/world.h"

namespace entrepot::people {
namespace {

using access::Action;
using access::SubjectKind;
using testing::kPassword;
using testing::World;

TEST(SignInTest, NoCredentialsAreAnonymous) {
  World world;
  const auto known = world.sign_in->recall({.address = "192.0.2.7"});
  ASSERT_TRUE(std::holds_alternative<access::Subject>(known));
  EXPECT_EQ(std::get<access::Subject>(known).kind(), SubjectKind::Anonymous);
}

TEST(SignInTest, APasswordIsProvedOnceAndThenRemembered) {
  World world;
  world.user("alice");
  const std::string alice = World::basic("Alice", kPassword);
  EXPECT_FALSE(world.recall(alice).has_value());
  const auto entered = world.enter(alice);
  ASSERT_OK(entered);
  EXPECT_EQ(entered->name(), "alice");
  EXPECT_EQ(entered->kind(), SubjectKind::User);
  ASSERT_TRUE(world.recall(alice).has_value());
  world.clock.advance(std::chrono::seconds(61));
  EXPECT_FALSE(world.recall(alice).has_value());
}

TEST(SignInTest, AWrongPasswordAndAnUnknownNameAreToldAlike) {
  World world;
  world.user("alice");
  const auto wrong = world.enter(World::basic("alice", "wrong password"));
  const auto unknown = world.enter(World::basic("nobody", "wrong password"));
  EXPECT_FAILS(Unauthenticated, wrong);
  EXPECT_FAILS(Unauthenticated, unknown);
  EXPECT_EQ(wrong.error().message, unknown.error().message);
  EXPECT_TRUE(world.recall(World::basic("alice", "wrong password")).has_value());
}

// S62: what was proved does not outlive the right to it.
TEST(SignInTest, NewPasswordsAndDisabledAccountsCountAtOnce) {
  World world;
  world.user("alice");
  const std::string old = World::basic("alice", kPassword);
  ASSERT_OK(world.enter(old));
  ASSERT_OK(world.people.set_password(world.context, world.by, "alice", "another password"));
  EXPECT_FALSE(world.recall(old).has_value());
  EXPECT_FAILS(Unauthenticated, world.enter(old));
  const std::string fresh = World::basic("alice", "another password");
  ASSERT_OK(world.enter(fresh));
  ASSERT_OK(world.people.set_enabled(world.context, world.by, "alice", false));
  EXPECT_FAILS(Unauthenticated, world.enter(fresh));
  ASSERT_OK(world.people.set_enabled(world.context, world.by, "alice", true));
  EXPECT_OK(world.enter(fresh));

  const std::string wished = World::basic("alice", "the third password");
  EXPECT_FAILS(Unauthenticated, world.enter(wished));
  ASSERT_OK(world.people.set_password(world.context, world.by, "alice", "the third password"));
  EXPECT_OK(world.enter(wished)) << "it was wrong a moment ago";
}

TEST(SignInTest, AccessTokensAllowNoMoreThanTheySay) {
  World world;
  world.user("alice");
  access::Bound bound;
  bound.scopes.push_back({"alice/app", actions_of_scope("pull")});
  const auto made =
      world.people.create_token(world.context, world.by,
                                {.user = "alice",
                                 .name = "laptop",
                                 .bound = bound,
                                 .expires_at = world.clock.wall() + std::chrono::hours(1)});
  ASSERT_OK(made);
  const std::string header = World::basic("alice", made->text);
  const auto subject = world.enter(header);
  ASSERT_OK(subject);
  world.push("alice/app");
  EXPECT_TRUE(world.decide(*subject, Action::Pull, "alice/app").allowed());
  EXPECT_FALSE(world.decide(*subject, Action::Push, "alice/app").allowed());
  EXPECT_FALSE(world.decide(*subject, Action::Pull, "alice/other").allowed());
  EXPECT_FAILS(Unauthenticated, world.enter(World::basic("bob", made->text)))
      << "a token's user name is its owner's";

  world.clock.advance(std::chrono::hours(1));
  EXPECT_FALSE(world.decide(*subject, Action::Pull, "alice/app").allowed());
  const auto over = world.enter(header);
  EXPECT_FAILS(Unauthenticated, over);
  EXPECT_NE(over.error().message.find("expired"), std::string::npos);
}

TEST(SignInTest, ARevokedTokenIsOver) {
  World world;
  world.user("alice");
  const auto made = world.people.create_token(
      world.context, world.by,
      {.user = "alice", .name = "laptop", .bound = std::nullopt, .expires_at = std::nullopt});
  const std::string header = World::basic("alice", made->text);
  ASSERT_OK(world.enter(header));
  ASSERT_OK(world.people.revoke_secret(world.context, world.by, made->secret.id));
  EXPECT_FALSE(world.recall(header).has_value());
  EXPECT_FAILS(Unauthenticated, world.enter(header));
}

TEST(SignInTest, RobotsSignInByTheirWholeName) {
  World world;
  world.organisation("acme");
  const auto made = world.people.create_robot(
      world.context, world.by,
      {.name = "acme/ci",
       .grants = {{.to = "", .role = meta::RepositoryRole::Write, .pattern = "acme/*"}},
       .expires_at = std::nullopt});
  const auto subject = world.enter(World::basic("acme/ci", made->text));
  ASSERT_OK(subject);
  EXPECT_EQ(subject->kind(), SubjectKind::Robot);
  EXPECT_TRUE(world.decide(*subject, Action::Push, "acme/app").allowed());
  EXPECT_FALSE(world.decide(*subject, Action::Push, "other/app").allowed());
  EXPECT_FAILS(Unauthenticated, world.enter(World::basic("ci", made->text)));

  ASSERT_OK(world.people.set_enabled(world.context, world.by, "acme", false));
  EXPECT_FALSE(world.decide(*subject, Action::Push, "acme/app").allowed());
  EXPECT_FAILS(Unauthenticated, world.enter(World::basic("acme/ci", made->text)))
      << "a robot lives no longer than its namespace";
}

TEST(SignInTest, RegistryTokensSayWhoAndForWhatAtMost) {
  World world;
  world.user("alice");
  const auto alice = world.subject("alice");
  TokenClaims claims;
  claims.account = meta::AccountId{alice.id()};
  claims.name = "alice";
  claims.bound.scopes.push_back({"alice/app", actions_of_scope("pull")});
  claims.issued_at = world.clock.wall();
  claims.bound.expires_at = world.clock.wall() + std::chrono::hours(1);
  const std::string header = "Bearer " + world.tokens->issue(claims).value();
  const auto subject = world.enter(header);
  ASSERT_OK(subject);
  EXPECT_EQ(subject->id(), alice.id());
  EXPECT_TRUE(world.recall(header).has_value());
  EXPECT_TRUE(world.decide(*subject, Action::Pull, "alice/app").allowed());
  EXPECT_FALSE(world.decide(*subject, Action::Push, "alice/app").allowed());

  ASSERT_OK(world.people.set_password(world.context, world.by, "alice", "another password"));
  EXPECT_FAILS(Unauthenticated, world.enter(header)) << "the account's epoch has moved on";
}

TEST(SignInTest, ATokenEndsAndIsSignedByUs) {
  World world;
  TokenClaims claims;
  claims.issued_at = world.clock.wall();
  claims.bound.expires_at = world.clock.wall() + std::chrono::hours(1);
  const std::string token = world.tokens->issue(claims).value();
  EXPECT_OK(world.enter("Bearer " + token));
  std::string touched = token;
  touched[touched.size() / 2] = touched[touched.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_FAILS(Unauthenticated, world.enter("Bearer " + touched));
  EXPECT_FAILS(Unauthenticated, world.enter("Bearer nonsense"));
  World other;
  EXPECT_FAILS(Unauthenticated, other.enter("Bearer " + token));
  world.clock.advance(std::chrono::minutes(59));
  EXPECT_OK(world.enter("Bearer " + token));
  world.clock.advance(std::chrono::seconds(61));
  EXPECT_FALSE(world.recall("Bearer " + token).has_value()) << "remembered a minute ago, and over";
  EXPECT_FAILS(Unauthenticated, world.enter("Bearer " + token));
}

// What costs nothing to make up pushes out nothing, and waits for no hash.
TEST(SignInTest, OnlyPasswordsGoToTheirThreadsAndOnlyTheyAreRememberedAsWrong) {
  World world;
  world.user("alice");
  const auto executor_of = [&](const std::string& header) {
    return std::get<auth::Authenticator::Ask>(
               world.sign_in->recall({.address = "192.0.2.7", .authorization = header}))
        .executor;
  };
  const std::string password = World::basic("alice", "wrong password");
  const std::string token = "Bearer made.up.token";
  const std::string secret = World::basic("alice", crypto::make_secret("pat"));
  EXPECT_EQ(executor_of(password), &world.executor);
  EXPECT_EQ(executor_of(token), nullptr);
  EXPECT_EQ(executor_of(secret), nullptr);
  for (const std::string& header : {password, token, secret}) {
    EXPECT_FAILS(Unauthenticated, world.enter(header));
  }
  EXPECT_TRUE(world.recall(password).has_value());
  EXPECT_FALSE(world.recall(token).has_value());
  EXPECT_FALSE(world.recall(secret).has_value());
}

TEST(SignInTest, GuessingIsSlowedDownByAccountAndNetworkTogether) {
  World world;
  world.user("alice");
  const auto guess = [&](int i, std::string_view address) {
    return world.enter(World::basic("alice", "guess number " + std::to_string(i)), address);
  };
  for (int i = 0; i < 10; ++i) EXPECT_FAILS(Unauthenticated, guess(i, "192.0.2.7"));
  EXPECT_FAILS(RateLimited, guess(10, "192.0.2.8")) << "the same network";
  EXPECT_OK(world.enter(World::basic("alice", kPassword), "198.51.100.1"))
      << "nobody locks an account from elsewhere";
  world.clock.advance(std::chrono::seconds(7));
  EXPECT_FAILS(Unauthenticated, guess(11, "192.0.2.7"));
}

TEST(SignInTest, WhatIsNoCredentialIsRefused) {
  World world;
  for (const char* header : {"", "Basic", "Basic !", "Basic YWxpY2U=", "Bearer ", "Digest x",
                             "Basic Og==", "Negotiate abc"}) {
    EXPECT_FAILS(Unauthenticated, world.enter(header)) << header;
  }
}

}  // namespace
}  // namespace entrepot::people
