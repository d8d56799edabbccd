#include "mirror/local_names.h"

#include <gtest/gtest.h>

#include "registry/testing/world.h"

namespace entrepot::mirror {
namespace {

using registry::testing::World;

class LocalNamesTest : public ::testing::Test {
 protected:
  World world;
  LocalNames names{[](std::string_view name) { return name.starts_with("docker.io/"); }};
};

TEST_F(LocalNamesTest, UntilTheyAreReadEveryNameIsOurs) {
  EXPECT_TRUE(names.contains("stranger/app"));
  ASSERT_OK(names.refresh(world.context, world.stores.meta));
  EXPECT_FALSE(names.contains("stranger/app"));
}

TEST_F(LocalNamesTest, ANamespaceIsOursWithAllBelowIt) {
  world.push_image("acme/team/app", "1", "layer");
  world.push_image("docker.io/library/nginx", "1", "layer");
  ASSERT_OK(names.refresh(world.context, world.stores.meta));
  EXPECT_TRUE(names.contains("acme/other"));
  EXPECT_FALSE(names.contains("acme"));
  EXPECT_FALSE(names.contains("docker.io/library/nginx"));
}

TEST_F(LocalNamesTest, InTheSharedNamespaceEachNameCounts) {
  world.push_image("library/tool", "1", "layer");
  world.push_image("tool", "1", "layer");
  ASSERT_OK(names.refresh(world.context, world.stores.meta));
  EXPECT_TRUE(names.contains("library/tool"));
  EXPECT_TRUE(names.contains("tool"));
  EXPECT_FALSE(names.contains("library/nginx"));
  EXPECT_FALSE(names.contains("nginx"));
}

TEST_F(LocalNamesTest, ARepositoryIsHeardOfWhenItIsMade) {
  world.metadata->store().listen(names);
  ASSERT_OK(names.refresh(world.context, world.stores.meta));
  world.push_image("acme/app", "1", "layer");
  EXPECT_TRUE(names.contains("acme/app"));
}

// Its namespace is its own from the first moment on, with nothing in it.
TEST_F(LocalNamesTest, AnAccountIsInDoubtUntilItIsRead) {
  world.metadata->store().listen(names);
  ASSERT_OK(names.refresh(world.context, world.stores.meta));
  ASSERT_OK(world.stores.meta.write(world.context, [&](meta::Transaction& tx) -> Result<void> {
    meta::NewAccount account;
    account.kind = meta::AccountKind::Organisation;
    account.name = "acme";
    TRY(tx.accounts().create(account));
    return tx.journal().add({.kind = events::EventKind::AccountCreated, .at = world.clock.wall()});
  }));
  EXPECT_TRUE(names.contains("acme/app"));
  EXPECT_TRUE(names.contains("stranger/app"));
  ASSERT_OK(names.refresh(world.context, world.stores.meta));
  EXPECT_TRUE(names.contains("acme/app"));
  EXPECT_FALSE(names.contains("stranger/app"));
}

}  // namespace
}  // namespace entrepot::mirror
