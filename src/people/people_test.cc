#include "people/people.h"

#include "people/testing/world.h"

namespace entrepot::people {
namespace {

using access::Action;
using meta::RepositoryRole;
using meta::Visibility;
using testing::kPassword;
using testing::World;

TEST(PeopleTest, AUserHasItsOwnNamespaceAndNothingElse) {
  World world;
  world.user("alice");
  EXPECT_TRUE(world.may("alice", Action::Push, "alice/app"));
  EXPECT_FALSE(world.may("alice", Action::Push, "bob/app"));
  EXPECT_FALSE(world.may("alice", Action::Push, "app"));
  EXPECT_FALSE(world.may("", Action::Pull, "alice/app"));
}

TEST(PeopleTest, NamesThatCannotBeOrAreNobodysAreRefused) {
  World world;
  const auto create = [&](const std::string& name) {
    return world.people.create_user(world.context, world.by,
                                    {.name = name, .password = std::string(kPassword)});
  };
  for (const char* name : {"", "Alice", "a/b", "a b", ".a", "a:b"}) {
    EXPECT_FAILS(InvalidArgument, create(name)) << name;
  }
  EXPECT_FAILS(InvalidArgument, create(std::string(64, 'a')));
  for (const char* name : {"admin", "system", "library", "root", "anonymous", "v2"}) {
    EXPECT_FAILS(Denied, create(name)) << name;
  }
  world.push("taken/app");
  EXPECT_FAILS(AlreadyExists, create("taken"));
  world.user("alice");
  EXPECT_FAILS(AlreadyExists, create("alice"));
}

TEST(PeopleTest, PasswordsThatAreGuessedFirstAreRefused) {
  World world;
  for (const char* password : {"", "1234567", "password", "PassWord", "alice-alice"}) {
    EXPECT_FAILS(InvalidArgument,
                 world.people.create_user(world.context, world.by,
                                          {.name = "alice-alice", .password = password}))
        << password;
  }
}

TEST(PeopleTest, AnOrganisationTakesOverWhatLiesBelowItsNameWhenItIsSaid) {
  World world;
  world.push("acme/app");
  EXPECT_FAILS(AlreadyExists,
               world.people.create_organisation(world.context, world.by, {.name = "acme"}));
  EXPECT_OK(
      world.people.create_organisation(world.context, world.by, {.name = "acme", .claim = true}));
  world.user("alice");
  EXPECT_FALSE(world.may("alice", Action::Pull, "acme/app"));
  EXPECT_OK(
      world.people.set_member(world.context, world.by, "acme", "alice", meta::MemberRole::Member));
  EXPECT_TRUE(world.may("alice", Action::Pull, "acme/app"));
  EXPECT_FALSE(world.may("alice", Action::Push, "acme/app"));
}

TEST(PeopleTest, TeamsHoldGrantsForTheirMembers) {
  World world;
  world.organisation("acme");
  world.user("alice");
  EXPECT_OK(world.people.create_team(world.context, world.by, "acme", "dev"));
  EXPECT_FAILS(Conflict, world.people.add_to_team(world.context, world.by, "acme", "dev", "alice"));
  EXPECT_OK(
      world.people.set_member(world.context, world.by, "acme", "alice", meta::MemberRole::Member));
  EXPECT_OK(world.people.add_to_team(world.context, world.by, "acme", "dev", "alice"));
  world.grant("team:acme/dev", RepositoryRole::Write, "acme/*");
  EXPECT_TRUE(world.may("alice", Action::Push, "acme/new"));
  EXPECT_OK(world.people.remove_member(world.context, world.by, "acme", "alice"));
  EXPECT_FALSE(world.may("alice", Action::Push, "acme/new"));
}

// Whatever was remembered before.
TEST(PeopleTest, EachChangeOfRightsCountsForTheNextQuestion) {
  World world;
  world.user("alice");
  world.organisation("acme");
  world.push("acme/app");
  const auto alice = world.subject("alice");
  const auto may = [&](Action action) { return world.decide(alice, action, "acme/app").allowed(); };
  EXPECT_FALSE(may(Action::Pull));
  const auto id = world.grant("user:alice", RepositoryRole::Write, "acme/app");
  EXPECT_TRUE(may(Action::Push));
  EXPECT_OK(world.people.revoke_grant(world.context, world.by, id));
  EXPECT_FALSE(may(Action::Pull));
  EXPECT_OK(world.people.set_visibility(
      world.context, world.by, oci::RepositoryName::parse("acme/app").value(), Visibility::Public));
  EXPECT_TRUE(may(Action::Pull));
  EXPECT_OK(world.people.set_enabled(world.context, world.by, "alice", false));
  EXPECT_FALSE(may(Action::Pull)) << "what is public, too: the account is dead";
}

TEST(PeopleTest, TheLastAdminAndTheLastOwnerStay) {
  World world;
  world.user("root-of-all", /*admin=*/true);
  EXPECT_FAILS(Conflict, world.people.set_enabled(world.context, world.by, "root-of-all", false));
  EXPECT_FAILS(Conflict, world.people.set_role(world.context, world.by, "root-of-all",
                                               meta::SystemRole::None));
  EXPECT_FAILS(Conflict, world.people.remove(world.context, world.by, "root-of-all"));
  world.user("second", /*admin=*/true);
  EXPECT_OK(world.people.set_enabled(world.context, world.by, "root-of-all", false));

  world.organisation("acme");
  EXPECT_OK(
      world.people.set_member(world.context, world.by, "acme", "second", meta::MemberRole::Owner));
  EXPECT_FAILS(Conflict, world.people.remove_member(world.context, world.by, "acme", "second"));
  EXPECT_FAILS(Conflict, world.people.set_member(world.context, world.by, "acme", "second",
                                                 meta::MemberRole::Member));
}

TEST(PeopleTest, WhoIsDeletedLeavesNothingButTheName) {
  World world;
  world.user("alice");
  world.grant("user:alice", RepositoryRole::Write, "other/*");
  const auto alice = world.subject("alice");
  EXPECT_OK(world.people.remove(world.context, world.by, "alice"));
  EXPECT_FAILS(Unauthenticated, world.enter(World::basic("alice", kPassword)));
  EXPECT_FALSE(world.decide(alice, Action::Push, "other/app").allowed());
  EXPECT_FAILS(AlreadyExists,
               world.people.create_user(world.context, world.by,
                                        {.name = "alice", .password = std::string(kPassword)}));
}

TEST(PeopleTest, OneFirstAdminIsMade) {
  World world;
  EXPECT_OK(world.people.create_first_admin(world.context, world.by, std::string(kPassword)));
  EXPECT_OK(world.people.create_first_admin(world.context, world.by, "another password"));
  EXPECT_OK(world.enter(World::basic("admin", kPassword)));
  EXPECT_FAILS(Unauthenticated, world.enter(World::basic("admin", "another password")));
  EXPECT_TRUE(world.may("admin", Action::Push, "app"));
}

TEST(PeopleTest, WhatIsDoneStandsInTheJournalWithoutSecrets) {
  World world;
  world.user("alice");
  world.organisation("acme");
  const auto made = world.people.create_robot(
      world.context, world.by,
      {.name = "acme/ci",
       .grants = {{.to = "", .role = RepositoryRole::Write, .pattern = "acme/*"}},
       .expires_at = std::nullopt});
  ASSERT_OK(made);
  const auto page = world.store.view<meta::Journal::Page>(
      world.context, [](const meta::Snapshot& s) { return s.journal().read(0, 100); });
  std::vector<std::string_view> kinds;
  for (const auto& entry : page->entries) {
    kinds.push_back(events::name_of(entry.event.kind));
    EXPECT_EQ(entry.event.actor, world.by.actor());
    EXPECT_EQ(entry.event.detail.find(kPassword), std::string::npos);
    EXPECT_EQ(entry.event.detail.find(made->text), std::string::npos);
  }
  EXPECT_EQ(kinds, (std::vector<std::string_view>{"account.created", "account.created",
                                                  "account.created", "grant.created"}));
}

}  // namespace
}  // namespace entrepot::people
