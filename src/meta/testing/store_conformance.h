#pragma once
// meta/testing/store_conformance.h — what every driver of meta::Store must do, as tests.
//
// A driver runs the suite with one line in its own test:
//   INSTANTIATE_TEST_SUITE_P(Sqlite, StoreConformance, every_promise({&open_under_test}));

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "meta/store.h"

namespace entrepot::meta::testing {

// A store that a test owns, and that goes when the test ends.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual Store& store() = 0;
  // Closes the store and opens it again, as a restart of the program would.
  virtual void reopen() = 0;
  // So much time passes for the store's clock.
  virtual void pass(std::chrono::milliseconds time) = 0;
};

// Makes an empty one.
struct StoreFactory {
  std::function<std::unique_ptr<StoreUnderTest>()> make;
};

// How gtest names the parameter.
void PrintTo(const StoreFactory& factory, std::ostream* out);

// The parameter of the suite.
::testing::internal::ParamGenerator<StoreFactory> every_promise(StoreFactory factory);

// The cases are in store_conformance_<noun>.cc.
class StoreConformance : public ::testing::TestWithParam<StoreFactory> {
 protected:
  Store& store() { return under_test_->store(); }
  void reopen() { under_test_->reopen(); }
  void pass(std::chrono::milliseconds time) { under_test_->pass(time); }

  // Runs `work` in a transaction, or `look` on a snapshot, of its own; returns its result.
  template <class F>
  auto write(F&& work) {
    return run<std::invoke_result_t<F, Transaction&>, Transaction&>(
        work, [this](const auto& call) { return store().write(context_, call); });
  }
  template <class F>
  auto read(F&& look) {
    return run<std::invoke_result_t<F, const Snapshot&>, const Snapshot&>(
        look, [this](const auto& call) { return store().read(context_, call); });
  }

  // Makes (or finds) the repository.
  RepositoryId repository(std::string_view name);

  // Puts a manifest of these bytes that names `layers`; returns its digest.
  Digest put(RepositoryId repository, std::string_view bytes,
             const std::vector<Digest>& layers = {});

  // Records a blob of these bytes; returns its sha256.
  Digest record(std::string_view bytes);

  Context& context() { return context_; }

 private:
  template <class R, class Nouns, class F, class Runner>
  static R run(F& work, Runner runner) {
    R result = fail(ErrorCode::Internal, "the work did not run");
    auto done = runner([&](Nouns nouns) -> Result<void> {
      result = work(nouns);
      if (!result) return Failure(result.error());
      return {};
    });
    if (!done) return Failure(std::move(done).error());
    return result;
  }

  Context context_;
  std::unique_ptr<StoreUnderTest> under_test_ = GetParam().make();
};

// Short ways to say values.
RepositoryName name(std::string_view text);
Tag tag(std::string_view text);
Digest sha256(std::string_view bytes);
Digest sha512(std::string_view bytes);
WallTime at(int seconds);  // after a fixed moment

// A manifest of these bytes; add what a test cares about.
NewManifest new_manifest(RepositoryId repository, std::string_view bytes);

}  // namespace entrepot::meta::testing
