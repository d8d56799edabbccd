#include "people/people.h"
#include "people/testing/world.h"

namespace entrepot::people {
namespace {

using testing::kPassword;
using testing::World;

constexpr char kNew[] = "battery staple";

class InvitationTest : public ::testing::Test {
 protected:
  InvitationTest() {
    world.user("root-of-all", true);
    EXPECT_OK(world.people.create_user(world.context, world.by, {.name = "bob"}));
  }
  std::string invited(std::string_view user) {
    auto made = world.people.invite(world.context, world.by, user);
    EXPECT_OK(made);
    return made->text;
  }
  Result<meta::Account> accept(std::string_view secret, std::string_view password = kNew) {
    return world.people.accept_invitation(world.context, secret, password, "192.0.2.7");
  }
  Author as(std::string_view name) {
    return Author::request(
        {.subject = world.subject(name), .address = "192.0.2.7", .in_person = true},
        {events::ActorKind::User, std::string(name)});
  }
  World world;
};

TEST_F(InvitationTest, ANewAccountGetsItsPasswordFromWhoItIsFor) {
  EXPECT_FALSE(world.enter(World::basic("bob", kPassword)));
  const std::string secret = invited("bob");
  const auto found = world.people.find_invited(world.context, secret);
  ASSERT_OK(found);
  EXPECT_EQ(found->name, "bob");
  EXPECT_OK(accept(secret));
  EXPECT_OK(world.enter(World::basic("bob", kNew)));
}

TEST_F(InvitationTest, ItIsGoodOnce) {
  const std::string secret = invited("bob");
  EXPECT_OK(accept(secret));
  EXPECT_FAILS(NotFound, accept(secret, "another password"));
  EXPECT_FAILS(NotFound, world.people.find_invited(world.context, secret));
  EXPECT_OK(world.enter(World::basic("bob", kNew)));
}

TEST_F(InvitationTest, APasswordThatIsRefusedLeavesIt) {
  const std::string secret = invited("bob");
  EXPECT_FAILS(InvalidArgument, accept(secret, "short"));
  EXPECT_OK(accept(secret));
}

TEST_F(InvitationTest, ItIsNoCredential) {
  const std::string secret = invited("bob");
  EXPECT_FAILS(Unauthenticated, world.enter(World::basic("bob", secret)));
  EXPECT_FAILS(
      Unauthenticated,
      world.sign_in->authenticate(
          world.context, {.address = "192.0.2.7", .authorization = secret, .is_own_secret = true}));
}

TEST_F(InvitationTest, ItEnds) {
  const std::string first = invited("bob");
  const std::string second = invited("bob");
  EXPECT_FAILS(NotFound, accept(first)) << "the next one was made";
  world.clock.advance(People::kInvitationLasts);
  EXPECT_FAILS(NotFound, accept(second));
}

TEST_F(InvitationTest, ItEndsWithAnotherPassword) {
  const std::string secret = invited("bob");
  EXPECT_OK(world.people.set_password(world.context, world.by, "bob", "set by an admin"));
  EXPECT_FAILS(NotFound, accept(secret));
}

TEST_F(InvitationTest, NothingElseIsOne) {
  world.user("alice");
  const auto token = world.people.create_token(
      world.context, world.by, {.user = "alice", .name = "t", .bound = {}, .expires_at = {}});
  ASSERT_OK(token);
  for (const std::string& text : {std::string(), std::string("ent_inv_1"), token->text}) {
    EXPECT_FAILS(NotFound, accept(text)) << text;
  }
}

TEST_F(InvitationTest, ADisabledAccountStaysOut) {
  const std::string secret = invited("bob");
  EXPECT_OK(world.people.set_enabled(world.context, world.by, "bob", false));
  EXPECT_FAILS(NotFound, accept(secret));
  EXPECT_OK(world.people.set_enabled(world.context, world.by, "bob", true));
  EXPECT_OK(accept(secret));
}

TEST_F(InvitationTest, WhatWasSignedInWithTheOldPasswordEnds) {
  world.user("alice");
  const std::string secret = invited("alice");
  EXPECT_OK(world.enter(World::basic("alice", kPassword))) << "it counts until then";
  EXPECT_OK(accept(secret));
  EXPECT_FAILS(Unauthenticated, world.enter(World::basic("alice", kPassword)));
  EXPECT_OK(world.enter(World::basic("alice", kNew)));
}

TEST_F(InvitationTest, AdminsInviteOthersAndNobodyThemselves) {
  world.user("alice");
  EXPECT_OK(world.people.invite(world.context, as("root-of-all"), "alice"));
  EXPECT_FAILS(Conflict, world.people.invite(world.context, as("root-of-all"), "root-of-all"));
  EXPECT_FAILS(Conflict, world.people.invite(world.context, as("alice"), "alice"));
  EXPECT_FAILS(Denied, world.people.invite(world.context, as("alice"), "bob"));
}

TEST_F(InvitationTest, TheJournalHasWhoInvitedAndWhoCame) {
  const std::string secret = invited("bob");
  EXPECT_OK(accept(secret));
  const auto page = world.store.view<meta::Journal::Page>(
      world.context, [](const meta::Snapshot& s) { return s.journal().read(0, 100); });
  ASSERT_OK(page);
  ASSERT_GE(page->entries.size(), 2U);
  const auto& last = page->entries.back().event;
  EXPECT_EQ(last.actor.id, "bob");
  EXPECT_EQ(last.detail, R"({"account":"bob","kind":"password"})");
  EXPECT_NE(page->entries[page->entries.size() - 2].event.detail.find("invitation"),
            std::string::npos);
}

}  // namespace
}  // namespace entrepot::people
