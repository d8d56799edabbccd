#include "registry/precondition.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "registry/testing/world.h"

namespace entrepot::registry {
namespace {

using oci::Digest;
using testing::World;

const Digest kOne = Digest::of("one");
const Digest kTwo = Digest::of("two");

Precondition match(bool any, std::vector<std::string> digests = {}) {
  return {.match = Precondition::Versions{any, std::move(digests)}, .none_match = std::nullopt};
}

Precondition none_match(bool any, std::vector<std::string> digests = {}) {
  return {.match = std::nullopt, .none_match = Precondition::Versions{any, std::move(digests)}};
}

bool holds(const Precondition& precondition, const std::optional<Digest>& present) {
  const auto checked = precondition.check(present);
  EXPECT_TRUE(checked || checked.error().code == ErrorCode::PreconditionFailed);
  return checked.has_value();
}

TEST(Precondition, NoneAlwaysHolds) {
  EXPECT_TRUE(holds({}, std::nullopt));
  EXPECT_TRUE(holds({}, kOne));
}

TEST(Precondition, OneOfTheNamedMustBeThere) {
  EXPECT_TRUE(holds(match(false, {"x", kOne.to_string()}), kOne));
  EXPECT_FALSE(holds(match(false, {kTwo.to_string()}), kOne));
  EXPECT_FALSE(holds(match(false, {kOne.to_string()}), std::nullopt));
  EXPECT_FALSE(holds(match(false), kOne)) << "an empty list names nothing";
  EXPECT_TRUE(holds(match(true), kOne));
  EXPECT_FALSE(holds(match(true), std::nullopt));
}

TEST(Precondition, NoneOfTheNamedMayBeThere) {
  EXPECT_FALSE(holds(none_match(true), kOne));
  EXPECT_TRUE(holds(none_match(true), std::nullopt));
  EXPECT_FALSE(holds(none_match(false, {kOne.to_string()}), kOne));
  EXPECT_TRUE(holds(none_match(false, {kTwo.to_string()}), kOne));
}

class PreconditionTest : public ::testing::Test {
 protected:
  Result<PushedManifest> push(const std::string& bytes, const std::optional<std::string>& tag,
                              Precondition precondition) {
    ManifestTarget target;
    if (tag) {
      target.tags.push_back(oci::Tag::parse(*tag).value());
    } else {
      target.digest = Digest::of(bytes);
    }
    target.precondition = std::move(precondition);
    Context context("test");
    return world.pusher.push(context, access::Subject::anonymous(),
                             oci::RepositoryName::parse("a").value(), target, bytes,
                             oci::media_type::kOciManifest);
  }
  std::string image(const std::string& config) {
    return World::image(world.push_blob("a", config), {});
  }

  World world;
};

TEST_F(PreconditionTest, OfATagIsAboutWhereItPoints) {
  const std::string one = image("{}");
  const std::string two = image("{ }");
  const std::string one_digest = Digest::of(one).to_string();
  EXPECT_EQ(push(one, "t", match(true)).error().code, ErrorCode::PreconditionFailed);
  ASSERT_OK(push(one, "t", none_match(true)));
  EXPECT_EQ(push(two, "t", none_match(true)).error().code, ErrorCode::PreconditionFailed);
  EXPECT_EQ(world.pull("a", "t").value(), one) << "nothing was changed";
  ASSERT_OK(push(two, "t", match(false, {one_digest})));
  EXPECT_EQ(push(one, "t", match(false, {one_digest})).error().code, ErrorCode::PreconditionFailed);
  EXPECT_EQ(world.pull("a", "t").value(), two);
}

TEST_F(PreconditionTest, OfADigestIsAboutWhetherItIsThere) {
  const std::string one = image("{}");
  EXPECT_EQ(push(one, std::nullopt, match(true)).error().code, ErrorCode::PreconditionFailed);
  ASSERT_OK(push(one, std::nullopt, none_match(true)));
  EXPECT_EQ(push(one, std::nullopt, none_match(true)).error().code, ErrorCode::PreconditionFailed);
  ASSERT_OK(push(one, std::nullopt, match(true)));
}

// What is wrong with the push itself is said first (RFC 9110 §13.2.1).
TEST_F(PreconditionTest, OtherErrorsComeFirst) {
  ASSERT_OK(push(image("{}"), "t", {}));
  const std::string lacks = World::image(Digest::of("nowhere"), {});
  EXPECT_EQ(push(lacks, "t", none_match(true)).error().code, ErrorCode::MissingReference);
  EXPECT_EQ(push("{", "t", none_match(true)).error().code, ErrorCode::InvalidArgument);
}

TEST_F(PreconditionTest, OfDeletes) {
  const std::string one = image("{}");
  const Digest digest = Digest::of(one);
  ASSERT_OK(push(one, "t", {}));
  Context context("test");
  const auto name = oci::RepositoryName::parse("a").value();
  const auto tag = oci::Tag::parse("t").value();
  const auto who = access::Subject::anonymous();
  EXPECT_EQ(world.remover.tag(context, who, name, tag, match(false, {"other"})).error().code,
            ErrorCode::PreconditionFailed);
  EXPECT_EQ(world.remover.tag(context, who, name, tag, none_match(true)).error().code,
            ErrorCode::PreconditionFailed);
  EXPECT_TRUE(world.pull("a", "t").has_value());
  EXPECT_EQ(
      world.remover.tag(context, who, name, oci::Tag::parse("u").value(), match(true)).error().code,
      ErrorCode::NotFound);
  ASSERT_OK(world.remover.tag(context, who, name, tag, match(false, {digest.to_string()})));
}

// Whoever else is at it: the transaction that makes the tag is the one that looked.
TEST_F(PreconditionTest, OfManyCreatorsOneWins) {
  constexpr int kCreators = 16;
  std::vector<std::string> images;
  for (int i = 0; i < kCreators; ++i) images.push_back(image(fmt::format("{{\"i\":{}}}", i)));
  for (int round = 0; round < 20; ++round) {
    const std::string tag = fmt::format("round{}", round);
    std::atomic<int> won = 0;
    std::atomic<int> lost = 0;
    std::vector<std::thread> creators;
    for (const std::string& bytes : images) {
      creators.emplace_back([&, bytes] {
        const auto pushed = push(bytes, tag, none_match(true));
        if (pushed) ++won;
        if (!pushed && pushed.error().code == ErrorCode::PreconditionFailed) ++lost;
      });
    }
    for (std::thread& creator : creators) creator.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, kCreators - 1);
  }
}

}  // namespace
}  // namespace entrepot::registry
