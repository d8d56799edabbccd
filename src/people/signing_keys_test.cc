#include "people/signing_keys.h"

#include <gtest/gtest.h>

#include "meta/testing/faulty_store.h"
#include "people/testing/world.h"

namespace entrepot::people {
namespace {

using testing::World;

const events::Actor kTest{events::ActorKind::System, "test"};

class SigningKeysTest : public ::testing::Test {
 protected:
  std::string token() {
    TokenClaims claims;
    claims.name = "alice";
    claims.issued_at = world.clock.wall();
    claims.bound.expires_at = world.clock.wall() + std::chrono::hours(24);
    return world.tokens->issue(claims).value();
  }
  bool counts(const std::string& token) {
    return world.tokens->read(token, world.clock.wall()).has_value();
  }
  void ask(FormerKeys former) {
    ASSERT_OK(ask_for_new_key(world.context, world.store, kTest, former, world.clock.wall()));
    ASSERT_OK(world.keys->look_again(world.context));
  }
  std::size_t known() { return world.keys->all()->size(); }
  std::string signing() {
    const auto keys = world.keys->all();
    return world.keys->signing(*keys).name;
  }
  void pass(std::chrono::seconds time) {
    world.clock.advance(time);
    ASSERT_OK(world.keys->look_again(world.context));
  }

  World world;
};

TEST_F(SigningKeysTest, ANewOneIsMadeWhenTheFormerIsOld) {
  const std::string first = signing();
  pass(SigningKeys::kKeyLasts - std::chrono::hours(1));
  EXPECT_EQ(known(), 1u);
  const std::string old = token();
  pass(std::chrono::hours(1));
  EXPECT_EQ(known(), 2u);
  EXPECT_EQ(signing(), first) << "others may not know the new one yet";
  pass(SigningKeys::kSettles);
  EXPECT_NE(signing(), first);
  EXPECT_TRUE(counts(old));
  EXPECT_TRUE(counts(token()));
  pass(SigningKeys::kStillKnown + std::chrono::seconds(1));
  EXPECT_EQ(known(), 1u);
  EXPECT_TRUE(counts(token()));
}

TEST_F(SigningKeysTest, WhatTheFormerSignedCountsAsLongAsATokenLasts) {
  ask(FormerKeys::StayKnown);
  const std::string last = token();  // by the former
  pass(SigningKeys::kSettles);
  EXPECT_TRUE(counts(last));
  pass(std::chrono::hours(24) - SigningKeys::kSettles - std::chrono::seconds(1));
  EXPECT_TRUE(counts(last));
}

TEST_F(SigningKeysTest, WhereFormerOnesEndTheirTokensDo) {
  const std::string old = token();
  ask(FormerKeys::End);
  EXPECT_EQ(known(), 1u);
  EXPECT_FALSE(counts(old));
  EXPECT_TRUE(counts(token()));
}

TEST_F(SigningKeysTest, ItIsAskedForOnce) {
  ask(FormerKeys::StayKnown);
  ASSERT_OK(world.keys->look_again(world.context));
  EXPECT_EQ(known(), 2u);
}

// Of many that share a store.
TEST_F(SigningKeysTest, AnotherProcessKnowsTheNewOneBeforeItSigns) {
  const auto sealing = crypto::SealingKey::generate();
  meta::Store& store = world.store;
  const auto one = SigningKeys::open(world.context, store, sealing, world.clock).value();
  const auto other = SigningKeys::open(world.context, store, sealing, world.clock).value();
  EXPECT_EQ(one->signing(*one->all()).name, other->signing(*other->all()).name);
  ASSERT_OK(
      ask_for_new_key(world.context, store, kTest, FormerKeys::StayKnown, world.clock.wall()));
  ASSERT_OK(one->look_again(world.context));
  EXPECT_EQ(one->signing(*one->all()).name, other->signing(*other->all()).name);
  ASSERT_OK(other->look_again(world.context));
  world.clock.advance(SigningKeys::kSettles);
  EXPECT_EQ(one->signing(*one->all()).name, other->signing(*other->all()).name);
}

TEST_F(SigningKeysTest, OneThatCannotBeOpenedIsPassedOver) {
  const auto other =
      SigningKeys::open(world.context, world.store, crypto::SealingKey::generate(), world.clock);
  ASSERT_OK(other);
  EXPECT_EQ((*other)->all()->size(), 1u);
}

TEST_F(SigningKeysTest, WhereNothingCanBeWrittenTheOldOneGoesOn) {
  meta::testing::FaultyStore faulty(world.store);
  const auto sealing = crypto::SealingKey::generate();
  ASSERT_OK(SigningKeys::open(world.context, world.store, sealing, world.clock));
  world.clock.advance(SigningKeys::kKeyLasts);
  faulty.fail_write(1, ErrorCode::StorageFull);
  const auto keys = SigningKeys::open(world.context, faulty, sealing, world.clock);
  ASSERT_OK(keys);
  EXPECT_EQ((*keys)->all()->size(), 1u);
}

}  // namespace
}  // namespace entrepot::people
