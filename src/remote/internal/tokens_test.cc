#include "remote/internal/tokens.h"

#include <atomic>
#include <thread>
#include <vector>

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"

namespace entrepot::remote {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RemoteTokens : public ::testing::Test {
 protected:
  RemoteTokens() {
    auto made = http::client::Client::make({});
    EXPECT_OK(made);
    client = *std::move(made);
  }
  // Until the first fetch is under way.
  void wait_for_fetch() const {
    while (fetches == 0) std::this_thread::sleep_for(milliseconds(1));
  }

  std::unique_ptr<http::client::Client> client;
  entrepot::testing::FakeClock clock;
  Context context{"test"};
  std::atomic<int> fetches = 0;
  const Wanted wanted{.realm = "http://localhost/token"};
};

TEST_F(RemoteTokens, WhoIsCalledOffLeavesItToAnother) {
  Tokens tokens(
      [this](Context& asked, http::client::Client&, const Wanted&) -> Result<Fetched> {
        if (++fetches > 1) return Fetched{.text = "good"};
        while (!asked.cancelled()) std::this_thread::sleep_for(milliseconds(1));
        return fail(ErrorCode::Cancelled, "not waited for any longer");
      },
      clock);
  Context leaves{"test"};
  std::thread first([&] { EXPECT_FAILS(Cancelled, tokens.get(leaves, *client, wanted)); });
  wait_for_fetch();
  std::thread second([&] {
    const auto token = tokens.get(context, *client, wanted);
    ASSERT_OK(token);
    EXPECT_EQ(token->text, "good");
  });
  leaves.cancel();
  first.join();
  second.join();
  EXPECT_EQ(fetches, 2);
}

TEST_F(RemoteTokens, WhoWaitsSharesTheFailure) {
  std::atomic<bool> go_on = false;
  Tokens tokens(
      [&](Context&, http::client::Client&, const Wanted&) -> Result<Fetched> {
        ++fetches;
        while (!go_on) std::this_thread::sleep_for(milliseconds(1));
        return fail(ErrorCode::RateLimited, "too often");
      },
      clock);
  std::vector<std::thread> threads;
  std::atomic<int> limited = 0, asked = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Context mine{"test"};
      ++asked;
      const auto token = tokens.get(mine, *client, wanted);
      if (!token && token.error().code == ErrorCode::RateLimited) ++limited;
    });
  }
  wait_for_fetch();
  while (asked < 4) std::this_thread::sleep_for(milliseconds(1));
  std::this_thread::sleep_for(milliseconds(50));  // so that most of them wait
  go_on = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(limited, 4);
  EXPECT_LT(fetches, 4);
  EXPECT_FAILS(RateLimited, tokens.get(context, *client, wanted)) << "but it is not kept";
}

TEST_F(RemoteTokens, WhoWaitsMayBeCalledOff) {
  std::atomic<bool> go_on = false;
  Tokens tokens(
      [&](Context&, http::client::Client&, const Wanted&) -> Result<Fetched> {
        ++fetches;
        while (!go_on) std::this_thread::sleep_for(milliseconds(1));
        return Fetched{.text = "good"};
      },
      clock);
  std::thread first([&] {
    Context mine{"test"};
    EXPECT_OK(tokens.get(mine, *client, wanted));
  });
  wait_for_fetch();
  context.cancel();
  EXPECT_FAILS(Cancelled, tokens.get(context, *client, wanted));
  go_on = true;
  first.join();
}

TEST_F(RemoteTokens, ThereIsAMostOfThem) {
  Tokens tokens(
      [this](Context&, http::client::Client&, const Wanted& asked) -> Result<Fetched> {
        ++fetches;
        return Fetched{.text = "for" + asked.scope};
      },
      clock);
  const auto get = [&](std::size_t number) {
    clock.advance(milliseconds(1));
    Wanted other = wanted;
    other.scope = std::to_string(number);
    const auto token = tokens.get(context, *client, other);
    EXPECT_OK(token);
    return token && token->kept;
  };
  for (std::size_t i = 0; i <= Tokens::kMost; ++i) EXPECT_FALSE(get(i));
  EXPECT_TRUE(get(Tokens::kMost));
  EXPECT_TRUE(get(1));
  EXPECT_FALSE(get(0)) << "the first to end was forgotten";
}

TEST_F(RemoteTokens, ARefusedOneIsForgotten) {
  Tokens tokens(
      [this](Context&, http::client::Client&, const Wanted&) -> Result<Fetched> {
        return Fetched{.text = "t" + std::to_string(++fetches)};
      },
      clock);
  EXPECT_EQ(tokens.get(context, *client, wanted)->text, "t1");
  EXPECT_EQ(tokens.get(context, *client, wanted, "another")->text, "t1");
  const auto fresh = tokens.get(context, *client, wanted, "t1");
  ASSERT_OK(fresh);
  EXPECT_EQ(fresh->text, "t2");
  EXPECT_FALSE(fresh->kept);
  EXPECT_EQ(tokens.get(context, *client, wanted, "t1")->text, "t2") << "whoever comes later";
}

}  // namespace
}  // namespace entrepot::remote
