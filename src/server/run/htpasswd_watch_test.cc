#include "server/run/htpasswd_watch.h"

#include <filesystem>
#include <fstream>

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "base/testing/temporary_directory.h"
#include "meta/sqlite/testing/temporary_store.h"

namespace entrepot::server {
namespace {

constexpr const char* kHash = ":$2y$05$aaaaaaaaaaaaaaaaaaaaaOTHFQ.sPSFQY2AvogfCn8nef2NnHs8DW\n";

class HtpasswdWatchTest : public ::testing::Test {
 protected:
  void write(const std::string& name) { std::ofstream(path) << name << kHash; }

  Context context;
  entrepot::testing::FakeClock clock;
  meta::sqlite::testing::TemporaryStore store;
  people::Memory memory{store.store()};
  people::FileUsers users{store.store(), memory, clock};
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path() + "/htpasswd";
  HtpasswdWatch watch{path, users};
};

TEST_F(HtpasswdWatchTest, AChangeCountsOnceItIsQuiet) {
  write("alice");
  ASSERT_OK(watch.open(context));
  EXPECT_TRUE(users.has("alice"));
  write("bobby-the-second");
  watch.look(context);
  EXPECT_TRUE(users.has("alice")) << "it may be half written";
  watch.look(context);
  EXPECT_FALSE(users.has("alice"));
  EXPECT_TRUE(users.has("bobby-the-second"));
}

TEST_F(HtpasswdWatchTest, WhatIsAwayIsBackLater) {
  EXPECT_FAILS(NotFound, watch.open(context));
  write("alice");
  ASSERT_OK(watch.open(context));
  std::filesystem::remove(path);
  watch.look(context);
  EXPECT_FALSE(users.has("alice"));
  write("alice");
  watch.look(context);
  watch.look(context);
  EXPECT_TRUE(users.has("alice"));
}

}  // namespace
}  // namespace entrepot::server
