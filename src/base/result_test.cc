#include "base/result.h"

#include <memory>
#include <set>

#include "base/check.h"
#include "base/testing/assert_ok.h"

namespace entrepot {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorCode::InvalidArgument, "{} is odd", number);
  return number / 2;
}

Result<int> quarter(int number) {
  TRY_ASSIGN(const int once, half(number));
  TRY_ASSIGN(int twice, half(once));
  return twice;
}

Result<void> check_even(int number) {
  TRY(half(number));
  return {};
}

// TRY is one statement, also without braces, and may stand inside of another one's expression.
Result<int> choose(bool first, int number) {
  if (first)
    TRY(half(number));
  else
    TRY([&]() -> Result<void> {
      TRY(half(number + 1));
      return {};
    }());
  return number;
}

TEST(Result, TryHandsErrorsUp) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(7).error().message, "7 is odd");
  EXPECT_EQ(quarter(6).error().message, "3 is odd");
  EXPECT_OK(check_even(2));
  EXPECT_FAILS(InvalidArgument, check_even(1));
  EXPECT_OK(choose(true, 2));
  EXPECT_FAILS(InvalidArgument, choose(true, 1));
  EXPECT_OK(choose(false, 1));
  EXPECT_FAILS(InvalidArgument, choose(false, 2));
}

TEST(Result, HoldsWhatOnlyMoves) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto take = [&]() -> Result<int> {
    TRY_ASSIGN(const std::unique_ptr<int> held, make());
    return *held;
  };
  EXPECT_EQ(*take(), 7);
}

TEST(Result, PropagateKeepsTheError) {
  const auto as_text = [](int number) -> Result<std::string> {
    auto result = half(number);
    if (!result) return propagate(std::move(result));
    return std::to_string(*result);
  };
  EXPECT_EQ(*as_text(4), "2");
  EXPECT_EQ(as_text(5).error().message, "5 is odd");
}

// Nothing below zero, and only even numbers can be looked up.
Result<int> look_up(int number) {
  if (number < 0) return fail(ErrorCode::NotFound, "nothing at {}", number);
  return half(number);
}

TEST(Result, NotFoundCanBeAnAnswer) {
  EXPECT_EQ(*if_there(look_up(8)), std::optional(4));
  EXPECT_EQ(*if_there(look_up(-1)), std::nullopt);
  EXPECT_FAILS(InvalidArgument, if_there(look_up(7)));

  EXPECT_TRUE(*is_there(look_up(8)));
  EXPECT_FALSE(*is_there(look_up(-1)));
  EXPECT_FAILS(InvalidArgument, is_there(look_up(7)));
}

TEST(Result, WhatIsDoneOnlyIfThereSaysWhetherItWas) {
  const auto drop = [](int number) -> Result<void> {
    TRY(look_up(number));
    return {};
  };
  EXPECT_TRUE(*if_there(drop(8)));
  EXPECT_FALSE(*if_there(drop(-1)));
  EXPECT_FAILS(InvalidArgument, if_there(drop(7)));
}

TEST(Result, IfThereHoldsWhatOnlyMoves) {
  const auto found = if_there(Result<std::unique_ptr<int>>(std::make_unique<int>(7)));
  EXPECT_EQ(***found, 7);
}

TEST(Error, SaysWhatWeWereDoing) {
  Error error = Error{ErrorCode::StorageFull, "no space left"}.within("committing upload 17");
  EXPECT_EQ(error.message, "committing upload 17: no space left");
  EXPECT_EQ(error.code, ErrorCode::StorageFull);
  EXPECT_EQ(fmt::format("{}", error), "committing upload 17: no space left (StorageFull)");
}

TEST(ErrorCode, EachHasItsOwnName) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::Internal); ++code) {
    names.insert(name_of(static_cast<ErrorCode>(code)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(ErrorCode::Internal) + 1);
  EXPECT_EQ(name_of(ErrorCode::NotFound), "NotFound");
}

TEST(CheckDeathTest, DiesWithFileAndExpression) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(CHECK(1 + 1 == 3), R"(result_test\.cc:[0-9]+: broken invariant: 1 \+ 1 == 3)");
  CHECK(1 + 1 == 2);
}

}  // namespace
}  // namespace entrepot
