// How long a session has been silent, by the clock that the store was given.

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "base/testing/temporary_directory.h"
#include "blob/fs/store.h"

namespace entrepot::blob::fs {
namespace {

using std::chrono::hours;

constexpr WallTime kYear2036 = std::chrono::sys_days(std::chrono::year(2036) / 1 / 1);

// The kernel's clock is far from it.
TEST(FsSilence, GoesByTheStoresClock) {
  const auto directory = entrepot::testing::TemporaryDirectory::in_memory();
  entrepot::testing::FakeClock clock(kYear2036);
  Context context;
  const auto store =
      FsBlobStore::open({.directory = directory.path(), .clock = &clock, .reserve_bytes = 0})
          .value();
  const UploadId id = UploadId::random();
  const auto purge = [&] {
    return store->purge(context, {.uploads_before = clock.wall() - hours(10)})->uploads.size();
  };
  auto upload = store->start(context, id, HashAlgorithm::Sha256).value();
  ASSERT_OK(upload->write(context, "half of it"));
  ASSERT_OK(upload->pause(context));
  EXPECT_EQ(purge(), 0u);
  clock.advance(hours(9));
  {
    auto broken_off = store->resume(context, id).value();
    ASSERT_OK(broken_off->write(context, ", and more"));
  }
  clock.advance(hours(9));
  EXPECT_EQ(purge(), 0u);
  clock.advance(hours(2));
  EXPECT_EQ(purge(), 1u);
  EXPECT_FAILS(NotFound, store->upload_offset(context, id));
}

}  // namespace
}  // namespace entrepot::blob::fs
