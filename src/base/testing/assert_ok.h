#pragma once
// base/testing/assert_ok.h — gtest assertions on Result.

#include <gtest/gtest.h>

#include "base/result.h"

namespace entrepot::testing {

template <class T>
::testing::AssertionResult is_ok(const tl::expected<T, Error>& result) {
  if (result) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << fmt::format("{}", result.error());
}

template <class T>
::testing::AssertionResult fails_with(const tl::expected<T, Error>& result, ErrorCode code) {
  if (result) return ::testing::AssertionFailure() << "succeeded, expected " << name_of(code);
  if (result.error().code == code) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << fmt::format("{}, expected {}", result.error(), name_of(code));
}

}  // namespace entrepot::testing

// ASSERT_OK(store.stat(context, digest)) << "after a restart";
#define ASSERT_OK(...) ASSERT_TRUE(::entrepot::testing::is_ok(__VA_ARGS__))
#define EXPECT_OK(...) EXPECT_TRUE(::entrepot::testing::is_ok(__VA_ARGS__))
// EXPECT_FAILS(NotFound, store.stat(context, digest));
#define ASSERT_FAILS(code, ...) \
  ASSERT_TRUE(::entrepot::testing::fails_with((__VA_ARGS__), ::entrepot::ErrorCode::code))
#define EXPECT_FAILS(code, ...) \
  EXPECT_TRUE(::entrepot::testing::fails_with((__VA_ARGS__), ::entrepot::ErrorCode::code))
