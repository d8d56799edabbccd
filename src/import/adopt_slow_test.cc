// A big directory: does the time grow with its size alone, also when it is interrupted again and
// again?

#include <chrono>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/metrics.h"
#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"
#include "blob/fs/store.h"
#include "import/adopt.h"
#include "import/testing/old_registry.h"
#include "meta/sqlite/testing/temporary_store.h"

namespace entrepot::import {
namespace {

using Seconds = std::chrono::duration<double>;

class BigAdoption : public ::testing::Test {
 protected:
  // Most in one repository, as a CI server fills it, the rest in many.
  void write(int tags, int repositories) {
    std::vector<oci::Digest> images;
    images.reserve(static_cast<std::size_t>(tags) / 50);
    for (int i = 0; i < tags / 50; ++i) {
      images.push_back(old_.image("big", fmt::format("image-{}", i), {fmt::format("layer {}", i)}));
    }
    for (int i = 0; i < tags; ++i) {
      old_.tag("big", fmt::format("build-{}", i), images[static_cast<std::size_t>(i) / 50]);
    }
    for (int i = 0; i < repositories; ++i) {
      old_.image(fmt::format("team/app-{}", i), "latest", {"shared"});
    }
  }

  // Runs until it is done, each run cancelled after `commits` commits (0: never).
  AdoptReport adopt(int commits) {
    const auto blobs =
        blob::fs::FsBlobStore::open({.directory = directory_.path(), .reserve_bytes = 0}).value();
    while (true) {
      Context context;
      int seen = 0;
      Adoption adoption(
          *blobs, metadata_->store(), Clock::system(),
          {.data = directory_.path(), .review_delay = {}, .progress = [&](const Progress&) {
             if (++seen == commits) context.cancel();
           }});
      const auto report = adoption.run(context);
      if (report) return *report;
      EXPECT_FAILS(Cancelled, report);
      ++interruptions_;
    }
  }

  template <class F>
  static double seconds(F&& f) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    return Seconds(std::chrono::steady_clock::now() - begin).count();
  }

  // In memory where there is such a thing: making the files takes far longer than adopting them.
  entrepot::testing::TemporaryDirectory directory_{
      std::filesystem::exists("/dev/shm") ? "/dev/shm" : ::testing::TempDir()};
  testing::OldRegistry old_{directory_.path()};
  std::unique_ptr<meta::sqlite::testing::TemporaryStore> metadata_ =
      meta::sqlite::testing::open_temporary();
  int interruptions_ = 0;
};

TEST_F(BigAdoption, HundredThousandTagsInABearableTime) {
  write(100'000, 1000);
  AdoptReport report;
  const double took = seconds([&] { report = adopt(0); });
  RecordProperty("seconds", static_cast<int>(took));
  EXPECT_EQ(report.tags, 103'000u);
  EXPECT_EQ(report.repositories, 1001u);
  EXPECT_LT(took, 120);
}

// Each run passes by what is done without reading it again. Were it not so, forty interruptions
// would read twenty times as much, not a little more.
TEST_F(BigAdoption, InterruptedOftenItIsNotQuadratic) {
  write(20'000, 0);
  AdoptReport report;
  const double interrupted = seconds([&] { report = adopt(1); });
  EXPECT_EQ(report.tags, 20'400u);
  EXPECT_GT(interruptions_, 40);

  // The same again on an empty store.
  namespace fs = std::filesystem;
  fs::rename(old_.path("repositories.adopted"), old_.repositories());
  metadata_ = meta::sqlite::testing::open_temporary();
  const double at_once = seconds([&] { report = adopt(0); });
  EXPECT_EQ(report.tags, 20'400u);
  EXPECT_LT(interrupted, 4 * at_once + 2);
}

}  // namespace
}  // namespace entrepot::import
