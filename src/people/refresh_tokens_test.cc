#include "people/refresh_tokens.h"

#include <future>

#include "crypto/secret.h"
#include "meta/testing/faulty_store.h"
#include "people/kept_secret.h"
#include "people/testing/world.h"

namespace entrepot::people {
namespace {

using std::chrono::hours;
using testing::kPassword;
using testing::World;

constexpr hours kDay{24};

class RefreshTokensTest : public ::testing::Test {
 protected:
  RefreshTokensTest() { world.user("alice"); }

  meta::Account alice() {
    return world.store
        .view<meta::Account>(world.context,
                             [](const meta::Snapshot& s) { return s.accounts().find("alice"); })
        .value();
  }
  std::string give() {
    return tokens.give(world.context, alice().id, alice().epoch, "docker").value();
  }
  Result<access::Subject> redeem(std::string_view text) {
    auto subject = tokens.redeem(world.context, text);
    // What its executor had to do is done.
    std::promise<void> done;
    world.executor.post([&] { done.set_value(); });
    done.get_future().wait();
    return subject;
  }
  std::vector<meta::Secret> kept() {
    return world.store
        .view<std::vector<meta::Secret>>(
            world.context,
            [&, id = alice().id](const meta::Snapshot& s) { return s.secrets().list(id, 0, 5000); })
        .value();
  }

  World world;
  RefreshTokens tokens{world.store, world.executor, world.clock};
};

TEST_F(RefreshTokensTest, OneStandsForItsUserAndIsNoPassword) {
  const std::string text = give();
  const auto subject = redeem(text);
  ASSERT_OK(subject);
  EXPECT_EQ(subject->name(), "alice");
  EXPECT_OK(redeem(text)) << "it does not rotate";
  EXPECT_FAILS(Unauthenticated, world.enter(World::basic("alice", text)));
}

TEST_F(RefreshTokensTest, WhatIsNoneIsRefused) {
  const auto access = world.people.create_token(
      world.context, world.by,
      {.user = "alice", .name = "laptop", .bound = std::nullopt, .expires_at = std::nullopt});
  std::string touched = give();
  touched[12] = touched[12] == 'A' ? 'B' : 'A';
  for (const std::string& text :
       {std::string(), std::string(kPassword), touched, crypto::make_secret("ref"), access->text}) {
    EXPECT_FAILS(Unauthenticated, redeem(text)) << text;
  }
}

TEST_F(RefreshTokensTest, ItDiesWithThePasswordAndTheAccount) {
  const std::string first = give();
  ASSERT_OK(world.people.set_password(world.context, world.by, "alice", "another password"));
  EXPECT_FAILS(Unauthenticated, redeem(first));
  EXPECT_EQ(kept().size(), 1u) << "and is not listed any more";
  const std::string second = give();
  ASSERT_OK(world.people.set_enabled(world.context, world.by, "alice", false));
  EXPECT_FAILS(Unauthenticated, redeem(second));
  ASSERT_OK(world.people.set_enabled(world.context, world.by, "alice", true));
  EXPECT_FAILS(Unauthenticated, redeem(second));
}

// Who proved the old password while somebody set the new one.
TEST_F(RefreshTokensTest, OneOfAnOlderEpochIsDeadFromTheStart) {
  const auto before = alice();
  ASSERT_OK(world.people.set_password(world.context, world.by, "alice", "another password"));
  const auto late = tokens.give(world.context, before.id, before.epoch, "docker");
  ASSERT_OK(late);
  EXPECT_FAILS(Unauthenticated, redeem(*late));
}

TEST_F(RefreshTokensTest, RevokingOneLeavesTheOthers) {
  const std::string lost = give();
  const std::string other = give();
  ASSERT_OK(world.people.revoke_secret(world.context, world.by, kept()[1].id));
  EXPECT_FAILS(Unauthenticated, redeem(lost));
  EXPECT_OK(redeem(other));
}

TEST_F(RefreshTokensTest, ItEndsNinetyDaysAfterItsLastUse) {
  const std::string text = give();
  for (int i = 0; i < 3; ++i) {
    world.clock.advance(89 * kDay);
    EXPECT_OK(redeem(text)) << i;
  }
  world.clock.advance(90 * kDay);
  const auto over = redeem(text);
  EXPECT_FAILS(Unauthenticated, over);
  EXPECT_NE(over.error().message.find("ended on"), std::string::npos);
}

TEST_F(RefreshTokensTest, UseIsNotedOnceADay) {
  const std::string text = give();
  const auto ends = [&] { return *kept().back().expires_at; };
  const WallTime first = ends();
  world.clock.advance(hours(23));
  EXPECT_OK(redeem(text));
  EXPECT_EQ(ends(), first);
  world.clock.advance(hours(1));
  EXPECT_OK(redeem(text));
  EXPECT_EQ(ends(), first + kDay);
}

TEST_F(RefreshTokensTest, OnADiskThatTakesNothingItIsStillGood) {
  const std::string text = give();
  world.clock.advance(2 * kDay);
  meta::testing::FaultyStore faulty(world.store);
  RefreshTokens on_it(faulty, world.executor, world.clock);
  faulty.fail_write(1, ErrorCode::StorageFull);
  EXPECT_FAILS(StorageFull, on_it.give(world.context, alice().id, 0, "docker"));
  faulty.fail_write(1, ErrorCode::StorageFull);
  EXPECT_OK(on_it.redeem(world.context, text));
  EXPECT_FAILS(Unauthenticated, redeem(""));
  EXPECT_TRUE(faulty.write_failed());
}

TEST_F(RefreshTokensTest, OfTooManyTheLongestUnusedMakeRoom) {
  const std::string oldest = give();
  world.clock.advance(2 * kDay);
  const std::string next = give();
  world.clock.advance(std::chrono::seconds(1));
  EXPECT_OK(redeem(oldest));
  for (std::size_t i = 2; i <= RefreshTokens::kMostOfAUser; ++i) {
    world.clock.advance(std::chrono::seconds(1));
    give();
  }
  EXPECT_EQ(kept().size(), 1 + RefreshTokens::kMostOfAUser) << "and the password";
  EXPECT_OK(redeem(oldest)) << "it was used since";
  EXPECT_FAILS(Unauthenticated, redeem(next));
}

TEST_F(RefreshTokensTest, WhatAClientCallsItselfIsReadable) {
  ASSERT_OK(
      tokens.give(world.context, alice().id, 0, "do\x1b[2J\ncker\xc3\xa9" + std::string(500, 'x')));
  EXPECT_TRUE(kept().back().name.starts_with("do[2Jckerxxx"));
  EXPECT_EQ(kept().back().name.size(), kMostName);
}

}  // namespace
}  // namespace entrepot::people
