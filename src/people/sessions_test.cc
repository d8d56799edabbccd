#include "people/sessions.h"

#include <gtest/gtest.h>

#include "people/testing/world.h"

namespace entrepot::people {
namespace {

class SessionsTest : public ::testing::Test {
 protected:
  SessionsTest() { world.user("alice"); }

  access::Subject alice() {
    return world.enter(testing::World::basic("alice", testing::kPassword)).value();
  }
  Result<access::Subject> enter(std::string_view secret, bool by_itself = true) {
    const auth::Caller caller{.authorization = secret, .is_own_secret = by_itself};
    const auto known = world.sign_in->recall(caller);
    if (const auto* subject = std::get_if<access::Subject>(&known)) return *subject;
    return world.sign_in->authenticate(world.context, caller);
  }

  testing::World world;
  Sessions sessions{world.store, world.clock};
};

TEST_F(SessionsTest, ASessionIsAsGoodAsItsAccountUntilItEnds) {
  const auto secret = sessions.begin(world.context, alice(), "browser");
  ASSERT_OK(secret);
  for (int i = 0; i < 2; ++i) {  // looked up, then remembered
    const auto subject = enter(*secret);
    ASSERT_OK(subject);
    EXPECT_EQ(subject->name(), "alice");
    EXPECT_TRUE(subject->is_unbound());
  }
  ASSERT_OK(sessions.end(world.context, *secret));
  EXPECT_FAILS(Unauthenticated, enter(*secret));
  ASSERT_OK(sessions.end(world.context, *secret));
}

TEST_F(SessionsTest, ItEndsByItself) {
  const auto secret = sessions.begin(world.context, alice(), "browser");
  ASSERT_OK(enter(*secret));
  world.clock.advance(Sessions::kSessionLasts);
  EXPECT_FAILS(Unauthenticated, enter(*secret));
}

TEST_F(SessionsTest, ItEndsWithThePassword) {
  const auto secret = sessions.begin(world.context, alice(), "browser");
  ASSERT_OK(enter(*secret));
  ASSERT_OK(world.people.set_password(world.context, world.by, "alice", "another horse"));
  EXPECT_FAILS(Unauthenticated, enter(*secret));
}

TEST_F(SessionsTest, ItCountsByItselfAlone) {
  const auto secret = sessions.begin(world.context, alice(), "browser");
  ASSERT_OK(enter(*secret));  // it is remembered
  EXPECT_FAILS(Unauthenticated, enter(*secret, false));
  EXPECT_FAILS(Unauthenticated, enter("Bearer " + *secret, false));
  EXPECT_FAILS(Unauthenticated, world.enter(testing::World::basic("alice", *secret)));
}

TEST_F(SessionsTest, AnAccessTokenByItselfIsRevokedForTheNextRequest) {
  const auto token = world.people.create_token(world.context, world.by,
                                               {"alice", "laptop", std::nullopt, std::nullopt});
  ASSERT_OK(token);
  ASSERT_OK(enter(token->text));
  ASSERT_OK(world.people.revoke_secret(world.context, world.by, token->secret.id));
  EXPECT_FAILS(Unauthenticated, enter(token->text));
}

}  // namespace
}  // namespace entrepot::people
