#pragma once
// base/result.h — what every fallible function returns: a value, or an Error.

#include <optional>
#include <utility>

#include <tl/expected.hpp>

#include "base/error.h"

namespace entrepot {

// A value or an Error. A class of its own, not an alias, so that the compiler complains when one is
// dropped.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using Base = tl::expected<T, Error>;
  using Base::Base;
  using Base::operator=;
  Result(Base other) : Base(std::move(other)) {}  // NOLINT(google-explicit-constructor): as Base
};

using Failure = tl::unexpected<Error>;

// Makes an error to return: `return fail(ErrorCode::NotFound, "no tag {}", tag);`
template <class... Args>
Failure fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return Failure(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

// Hands an error up: `return propagate(result);`
template <class T>
Failure propagate(tl::expected<T, Error>&& result) {
  return Failure(std::move(result).error());
}

// Where NotFound is an answer and any other error stays one:
//   TRY_ASSIGN(const auto tag, if_there(tags.find(name)));  // nullopt when there is none
//   TRY(if_there(files.remove(path)));                      // gone already is as good
//   TRY_ASSIGN(const bool known, is_there(blobs.find(digest)));
template <class T>
Result<std::optional<T>> if_there(Result<T> found) {
  if (found) return std::optional<T>(*std::move(found));
  if (found.error().code == ErrorCode::NotFound) return std::optional<T>();
  return propagate(std::move(found));
}

template <class T>
Result<bool> is_there(const Result<T>& found) {
  if (found) return true;
  if (found.error().code == ErrorCode::NotFound) return false;
  return Failure(found.error());
}

inline Result<bool> if_there(const Result<void>& done) { return is_there(done); }

}  // namespace entrepot

#define ENTREPOT_CONCAT_(a, b) a##b
#define ENTREPOT_CONCAT(a, b) ENTREPOT_CONCAT_(a, b)

// Leaves the function with the error of `expression`, if it has one.
#define TRY(expression) TRY_(ENTREPOT_CONCAT(try_result_, __COUNTER__), expression)
#define TRY_(holder, expression)                                        \
  do {                                                                  \
    auto holder = (expression);                                         \
    if (!holder) return ::entrepot::Failure(std::move(holder).error()); \
  } while (false)

// `TRY_ASSIGN(auto size, file.size());` — declares (or assigns) from the value, or leaves with the
// error.
#define TRY_ASSIGN(target, expression) \
  TRY_ASSIGN_(ENTREPOT_CONCAT(try_assign_, __COUNTER__), target, expression)
#define TRY_ASSIGN_(holder, target, expression)                       \
  auto holder = (expression);                                         \
  if (!holder) return ::entrepot::Failure(std::move(holder).error()); \
  target = *std::move(holder)
