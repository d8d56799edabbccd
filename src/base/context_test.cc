#include "base/context.h"

#include <thread>

#include "base/testing/assert_ok.h"

namespace entrepot {
namespace {

TEST(Context, WithoutDeadlineLivesUntilCancelled) {
  Context context;
  EXPECT_EQ(context.request_id(), "");
  EXPECT_FALSE(context.deadline());
  EXPECT_OK(context.alive());
  context.cancel();
  EXPECT_TRUE(context.cancelled());
  EXPECT_FAILS(Cancelled, context.alive());
}

TEST(Context, DeadlineEndsIt) {
  const auto now = Clock::system().steady();
  EXPECT_OK(Context("early", now + std::chrono::hours(1)).alive());
  const Context late("late", now - std::chrono::milliseconds(1));
  EXPECT_EQ(late.request_id(), "late");
  EXPECT_FAILS(Timeout, late.alive());
}

// Who went away does not care that it also took too long.
TEST(Context, CancellationComesBeforeTheDeadline) {
  Context context("", Clock::system().steady() - std::chrono::seconds(1));
  context.cancel();
  EXPECT_FAILS(Cancelled, context.alive());
}

TEST(Context, IsCancelledFromAnotherThread) {
  Context context;
  std::thread caller([&] { context.cancel(); });
  while (context.alive()) std::this_thread::yield();
  caller.join();
  EXPECT_TRUE(context.cancelled());
}

}  // namespace
}  // namespace entrepot
