#include "people/uses.h"

#include "people/testing/world.h"

namespace entrepot::people {
namespace {

using testing::World;

class UsesTest : public ::testing::Test {
 protected:
  UsesTest() { world.user("alice"); }
  People::NewToken wish(const std::string& name) {
    return {.user = "alice", .name = name, .bound = {}, .expires_at = {}};
  }
  MadeSecret token(const std::string& name) {
    return world.people.create_token(world.context, world.by, wish(name)).value();
  }
  meta::Secret found(const MadeSecret& made) {
    return world.store
        .view<meta::Secret>(
            world.context,
            [&](const meta::Snapshot& s) { return s.secrets().find(made.secret.id); })
        .value();
  }
  World world;
  Uses uses{world.clock};
};

TEST_F(UsesTest, ASecretThatSignsInIsNoted) {
  auto sign_in = SignIn::open(world.store, world.memory, *world.tokens, world.executor, world.clock,
                              {.cost = testing::kCheap, .uses = &uses})
                     .value();
  const MadeSecret used = token("used");
  const MadeSecret idle = token("idle");
  world.context.set_client("192.0.2.7");
  const std::string right = World::basic("alice", used.text);
  const std::string wrong = World::basic("bob", idle.text);
  EXPECT_OK(sign_in->authenticate(world.context, {.authorization = right}));
  EXPECT_FALSE(sign_in->authenticate(world.context, {.authorization = wrong}));
  EXPECT_EQ(found(used).used_at, std::nullopt) << "nothing is written on the way";
  EXPECT_OK(uses.write(world.context, world.store));
  EXPECT_EQ(found(used).used_at, world.clock.wall());
  EXPECT_EQ(found(used).used_from, "192.0.2.7");
  EXPECT_EQ(found(idle).used_at, std::nullopt);
}

TEST_F(UsesTest, ManyAreWrittenInParts) {
  std::vector<MadeSecret> made;
  for (int i = 0; i < 150; ++i) made.push_back(token(std::to_string(i)));
  for (std::int64_t id = 0; id < 1200; ++id) uses.note(id, "192.0.2.7");
  EXPECT_OK(uses.write(world.context, world.store));
  for (const auto& one : made) EXPECT_TRUE(found(one).used_at) << one.secret.id;
}

TEST_F(UsesTest, WhatCouldNotBeWrittenIsWrittenLater) {
  const MadeSecret used = token("used");
  uses.note(used.secret.id, "192.0.2.7");
  Context gone;
  gone.cancel();
  EXPECT_FALSE(uses.write(gone, world.store));
  EXPECT_OK(uses.write(world.context, world.store));
  EXPECT_TRUE(found(used).used_at);
}

}  // namespace
}  // namespace entrepot::people
