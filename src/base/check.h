#pragma once
// base/check.h — for what cannot happen unless the program itself is wrong. Never for input or
// environment: those get an Error.

namespace entrepot {
[[noreturn]] void check_failed(const char* expression, const char* file, int line);
}  // namespace entrepot

// Dies with file and line when a promise of our own code is broken; kept in release builds.
#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::entrepot::check_failed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define DCHECK(condition) static_cast<void>(0)
#else
#define DCHECK(condition) CHECK(condition)
#endif
