#include "mirror/local_names.h"

#include <gtest/gtest.h>

#include "meta/testing/faulty_store.h"
#include "registry/testing/world.h"

namespace entrepot::mirror {
namespace {

using registry::testing::World;

class LocalNamesTest : public ::testing::Test {
 protected:
  void refresh() { ASSERT_OK(names.refresh(world.context, world.stores.meta)); }
  void tell_of_account(const std::string& detail) {
    ASSERT_OK(world.stores.meta.write(world.context, [&](meta::Transaction& tx) {
      return tx.journal().add(
          {.kind = events::EventKind::AccountCreated, .at = world.clock.wall(), .detail = detail});
    }));
  }
  // Names among the settings.
  std::size_t kept() {
    using Entries = std::vector<meta::Settings::Entry>;
    return world.stores.meta
        .view<Entries>(world.context,
                       [](const meta::Snapshot& snapshot) {
                         return snapshot.settings().list("mirror.ours:", "", 10);
                       })
        .value()
        .size();
  }

  World world;
  LocalNames names{[](std::string_view name) { return name.starts_with("docker.io/"); }};
};

TEST_F(LocalNamesTest, UntilTheyAreReadEveryNameIsOurs) {
  EXPECT_TRUE(names.contains("stranger/app"));
  refresh();
  EXPECT_FALSE(names.contains("stranger/app"));
}

TEST_F(LocalNamesTest, ANamespaceIsOursWithAllBelowIt) {
  world.push_image("acme/team/app", "1", "layer");
  world.push_image("docker.io/library/nginx", "1", "layer");
  refresh();
  EXPECT_TRUE(names.contains("acme/other"));
  EXPECT_FALSE(names.contains("acme"));
  EXPECT_FALSE(names.contains("docker.io/library/nginx"));
}

TEST_F(LocalNamesTest, InTheSharedNamespaceEachNameCounts) {
  world.push_image("library/tool", "1", "layer");
  world.push_image("tool", "1", "layer");
  refresh();
  EXPECT_TRUE(names.contains("library/tool"));
  EXPECT_TRUE(names.contains("tool"));
  EXPECT_FALSE(names.contains("library/nginx"));
  EXPECT_FALSE(names.contains("nginx"));
}

TEST_F(LocalNamesTest, ARepositoryIsHeardOfWhenItIsMade) {
  world.metadata->store().listen(names);
  refresh();
  world.push_image("acme/app", "1", "layer");
  EXPECT_TRUE(names.contains("acme/app"));
}

// Its namespace is its own from the first moment on, with nothing in it; and no other name is in
// doubt for that.
TEST_F(LocalNamesTest, AnAccountsNamespaceIsOursAtOnce) {
  world.metadata->store().listen(names);
  refresh();
  tell_of_account(R"({"account":"acme","kind":"organisation"})");
  tell_of_account(R"({"account":"globex/ci","kind":"robot"})");
  EXPECT_TRUE(names.contains("acme/app"));
  EXPECT_TRUE(names.contains("globex/app"));
  EXPECT_FALSE(names.contains("stranger/app"));
}

TEST_F(LocalNamesTest, WhatIsNotUnderstoodPutsAllInDoubtUntilItIsRead) {
  world.metadata->store().listen(names);
  refresh();
  tell_of_account("{}");
  EXPECT_TRUE(names.contains("stranger/app"));
  refresh();
  EXPECT_FALSE(names.contains("stranger/app"));
}

TEST_F(LocalNamesTest, AnAccountThatAnotherProcessMadeIsFound) {
  refresh();
  ASSERT_OK(world.stores.meta.write(world.context, [&](meta::Transaction& tx) -> Result<void> {
    meta::NewAccount account;
    account.kind = meta::AccountKind::Organisation;
    account.name = "acme";
    TRY(tx.accounts().create(account));
    return {};
  }));
  EXPECT_FALSE(names.contains("acme/app"));
  refresh();
  EXPECT_TRUE(names.contains("acme/app"));
}

// Else whoever registers the name elsewhere would answer for what was deleted here.
TEST_F(LocalNamesTest, WhatWasOursStaysOursOverARestart) {
  world.metadata->store().listen(names);
  refresh();
  world.push_image("acme/app", "1", "layer");
  world.push_image("library/tool", "1", "layer");
  refresh();
  for (const char* name : {"acme/app", "library/tool"}) {
    ASSERT_OK(world.remover.tag(world.context, world.who, registry::testing::name(name),
                                registry::testing::tag("1")));
  }
  ASSERT_OK(world.stores.meta.write(world.context, [&](meta::Transaction& tx) -> Result<void> {
    TRY(tx.retention().expire_repositories(world.clock.wall() + std::chrono::hours(10'000),
                                           world.clock.wall(), 100));
    return {};
  }));
  LocalNames later([](std::string_view) { return false; });
  ASSERT_OK(later.refresh(world.context, world.stores.meta));
  EXPECT_TRUE(later.contains("acme/other"));
  EXPECT_TRUE(later.contains("library/tool"));
  EXPECT_FALSE(later.contains("library/nginx"));
}

TEST_F(LocalNamesTest, WhatCannotBeKeptIsKeptLater) {
  world.metadata->store().listen(names);
  refresh();
  world.push_image("acme/app", "1", "layer");
  meta::testing::FaultyStore faulty(world.stores.meta);
  faulty.fail_write(1, ErrorCode::StorageFull);
  EXPECT_FAILS(StorageFull, names.refresh(world.context, faulty));
  refresh();
  EXPECT_EQ(kept(), 1u);
  refresh();
  EXPECT_EQ(kept(), 1u);
}

}  // namespace
}  // namespace entrepot::mirror
