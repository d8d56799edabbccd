#include "registry/whole_writers.h"

#include <gtest/gtest.h>

namespace entrepot::registry {
namespace {

const blob::UploadId kId = blob::UploadId::random();

TEST(WholeWriters, TellsWhereTheSessionStandsWhileItIsWritten) {
  WholeWriters writers;
  EXPECT_FALSE(writers.offset_of(kId));
  {
    const auto writer = writers.add(kId, 7);
    EXPECT_EQ(writers.offset_of(kId), 7U);
    EXPECT_FALSE(writers.offset_of(blob::UploadId::random()));
  }
  EXPECT_FALSE(writers.offset_of(kId));
}

// The one that was left behind ends last: what holds is what the newer one said.
TEST(WholeWriters, TheNewestCounts) {
  WholeWriters writers;
  auto older = writers.add(kId, 7);
  const auto newer = writers.add(kId, 9);
  older.reset();
  EXPECT_EQ(writers.offset_of(kId), 9U);
  writers.forget(kId);
  EXPECT_FALSE(writers.offset_of(kId));
}

}  // namespace
}  // namespace entrepot::registry
