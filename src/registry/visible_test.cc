#include "registry/visible.h"

#include <gtest/gtest.h>

#include "registry/testing/world.h"

namespace entrepot::registry {
namespace {

// Lets see what begins with "ours/", or everything.
class SeesOurs final : public access::Policy {
 public:
  explicit SeesOurs(bool sees_all) : sees_all_(sees_all) {}
  std::optional<access::Decision> recall(const access::Question& /*question*/) const override {
    return std::nullopt;
  }
  Result<access::Decision> decide(Context& /*context*/,
                                  const access::Question& /*question*/) const override {
    return access::Decision{};
  }
  Result<std::vector<bool>> allowed_among(
      Context& /*context*/, const access::Question& /*question*/,
      std::span<const oci::RepositoryName> repositories) const override {
    std::vector<bool> allowed;
    for (const auto& name : repositories) allowed.push_back(name.str().starts_with("ours/"));
    return allowed;
  }
  bool allows_everywhere(const access::Question& /*question*/) const override { return sees_all_; }

 private:
  const bool sees_all_;
};

class VisibleTest : public ::testing::Test {
 protected:
  VisibleTest() {
    for (const char* name : {"a/x", "ours/a", "ours/b", "p/x", "ours/c", "z/x"}) {
      world.push_image(name, "latest", name);
    }
  }
  VisiblePage find(bool sees_all, const VisibleQuery& query) {
    const SeesOurs policy(sees_all);
    const access::Question question{world.who, access::Action::See, "", "", world.clock.wall()};
    return find_visible(world.context, world.puller, policy, question, query).value();
  }
  // All pages, one behind the other.
  std::vector<std::string> all(bool sees_all, VisibleQuery query) {
    std::vector<std::string> names;
    for (int pages = 0; pages < 20; ++pages) {
      const auto page = find(sees_all, query);
      EXPECT_LE(page.names.size(), query.limit);
      names.insert(names.end(), page.names.begin(), page.names.end());
      if (!page.next) return names;
      // A cursor gives no name away.
      EXPECT_TRUE(sees_all || page.next->starts_with("ours/")) << *page.next;
      query.after = *page.next;
    }
    ADD_FAILURE() << "no end";
    return names;
  }

  testing::World world;
};

using Names = std::vector<std::string>;

TEST_F(VisibleTest, PagesTellEachNameOnce) {
  for (const std::size_t limit : {1u, 2u, 3u, 6u, 7u}) {
    EXPECT_EQ(all(true, {.limit = limit}),
              (Names{"a/x", "ours/a", "ours/b", "ours/c", "p/x", "z/x"}));
    EXPECT_EQ(all(false, {.limit = limit}), (Names{"ours/a", "ours/b", "ours/c"}));
    EXPECT_EQ(all(true, {.containing = "x", .limit = limit}), (Names{"a/x", "p/x", "z/x"}));
    EXPECT_EQ(all(false, {.containing = "/b", .limit = limit}), (Names{"ours/b"}));
    EXPECT_EQ(all(false, {.containing = "x", .limit = limit}), Names{});
  }
}

TEST_F(VisibleTest, PagesOfOneNamespaceHaveNoOther) {
  for (const std::size_t limit : {1u, 2u, 3u, 4u}) {
    for (const bool sees_all : {true, false}) {
      EXPECT_EQ(all(sees_all, {.name_space = "ours", .limit = limit}),
                (Names{"ours/a", "ours/b", "ours/c"}));
      EXPECT_EQ(all(sees_all, {.containing = "/b", .name_space = "ours", .limit = limit}),
                (Names{"ours/b"}));
    }
    EXPECT_EQ(all(true, {.containing = "our", .name_space = "ours", .limit = limit}), Names{});
    EXPECT_EQ(all(true, {.name_space = "p", .limit = limit}), (Names{"p/x"}));
    EXPECT_EQ(all(false, {.name_space = "p", .limit = limit}), Names{});
    EXPECT_EQ(all(true, {.name_space = "our", .limit = limit}), Names{});
  }
}

TEST_F(VisibleTest, TheLastPageHasNoNext) {
  EXPECT_FALSE(find(true, {.limit = 6}).next.has_value());
  EXPECT_FALSE(find(false, {.limit = 3}).next.has_value());
  EXPECT_FALSE(find(true, {.limit = 0}).next.has_value());
}

// What is looked at is bounded for who sees all of it; for others that would tell of a name.
TEST_F(VisibleTest, ALookThatIsLongGoesOnWithTheNextPage) {
  const VisibleQuery query{.containing = "z", .limit = 6, .most_looked_at = 1};
  EXPECT_TRUE(find(true, query).names.empty());
  EXPECT_EQ(find(true, query).next, "a/x");
  EXPECT_EQ(all(true, query), (Names{"z/x"}));
  EXPECT_FALSE(find(false, query).next.has_value());
}

}  // namespace
}  // namespace entrepot::registry
