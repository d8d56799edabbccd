// How fast the store is on this machine's disk. Not run by itself: figures depend on the machine,
// and a test must not. Run it with
//   meta_sqlite_slow_test --gtest_also_run_disabled_tests --gtest_filter='StoreSpeed.*'
// TEST_TMPDIR says on which disk.

#include <chrono>
#include <cstdio>

#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"
#include "meta/sqlite/store.h"
#include "meta/testing/on_threads.h"
#include "meta/testing/store_conformance.h"

namespace entrepot::meta::sqlite {
namespace {

using meta::testing::name;
using meta::testing::new_manifest;
using meta::testing::sha256;
using meta::testing::tag;

constexpr int kThreads = 8;

class StoreSpeed : public ::testing::Test {
 protected:
  StoreSpeed()
      : store_(SqliteStore::open(
                   {.path = directory_ / "meta.db", .readers = 8, .as_it_is = false, .vfs = ""},
                   Clock::system())
                   .value()) {}

  // Calls `step(thread, i)` `each` times on each of `threads` threads; prints and returns the rate.
  template <class F>
  double measure(const char* what, int threads, int each, F&& step) {
    const auto start = std::chrono::steady_clock::now();
    meta::testing::on_threads(threads, [&](int thread) {
      for (int i = 0; i < each; ++i) step(thread, i);
    });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const double rate = threads * each / took.count();
    std::printf("%-40s %2d threads %10.0f/s\n", what, threads, rate);
    return rate;
  }

  // What a push of an image of ten layers to `repository` writes.
  Result<void> push(int thread, int i) {
    Context context;
    const RepositoryName repository = name(fmt::format("team/app-{}", i % 100));
    const std::string bytes = fmt::format("{:2000}-{}", thread, i);
    NewManifest manifest = new_manifest({}, bytes);
    for (int layer = 0; layer < 10; ++layer) {
      const std::string text =
          layer < 5 ? fmt::format("base {}", layer) : fmt::format("{} {} {}", thread, i, layer);
      manifest.references.push_back({sha256(text), oci::ReferenceKind::Layer});
    }
    const Tag moved = tag(fmt::format("v{}-{}", thread, i));
    return store_->write(context, [&](Transaction& tx) -> Result<void> {
      TRY_ASSIGN(const Repository found, tx.repositories().find_or_create(repository, {}));
      manifest.repository = found.id;
      TRY(tx.manifests().put(manifest));
      TRY(tx.tags().move(found.id, moved, manifest.digest, {}));
      return tx.journal().add({.kind = events::EventKind::ManifestPushed,
                               .at = {},
                               .actor = "alice",
                               .repository = repository,
                               .digest = manifest.digest,
                               .tag = moved,
                               .previous = std::nullopt});
    });
  }

  entrepot::testing::TemporaryDirectory directory_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(StoreSpeed, DISABLED_PushesAndLookUps) {
  measure("push, first", kThreads, 2000, [&](int thread, int i) { ASSERT_OK(push(thread, i)); });
  measure("push, at 16,000", kThreads, 2000,
          [&](int thread, int i) { ASSERT_OK(push(thread + kThreads, i)); });
  for (const int threads : {1, 2, 4}) {
    measure("manifest by tag", threads, 100'000, [&](int thread, int i) {
      Context context;
      const int which = (i * 7919) % 2000;
      const RepositoryName repository = name(fmt::format("team/app-{}", which % 100));
      const Tag wanted = tag(fmt::format("v{}-{}", thread, which));
      ASSERT_OK(store_->view<StoredManifest>(context, [&](const Snapshot& snapshot) {
        return snapshot.manifests().find(repository, wanted);
      }));
    });
  }
}

TEST_F(StoreSpeed, DISABLED_BlobCommits) {
  measure("record, link, review of a blob", kThreads, 2000, [&](int thread, int i) {
    Context context;
    const Digest digest = sha256(fmt::format("{} {}", thread, i));
    ASSERT_OK(store_->write(context, [&](Transaction& tx) -> Result<void> {
      TRY_ASSIGN(const Repository found, tx.repositories().find_or_create(name("team/app"), {}));
      TRY(tx.blobs().record({digest, 65536}, std::nullopt, {}));
      TRY(tx.blobs().link(found.id, digest, {}));
      return tx.reviews().push_back(digest, from_unix_micros(i));
    }));
  });
}

TEST_F(StoreSpeed, DISABLED_StartWithManyManifests) {
  measure("push", 32, 3125, [&](int thread, int i) { ASSERT_OK(push(thread, i)); });
  store_.reset();
  measure("open", 1, 1, [&](int, int) {
    store_ = SqliteStore::open(
                 {.path = directory_ / "meta.db", .readers = 8, .as_it_is = false, .vfs = ""},
                 Clock::system())
                 .value();
  });
  Context context;
  measure("check_integrity", 1, 1, [&](int, int) { ASSERT_OK(store_->check_integrity(context)); });
}

}  // namespace
}  // namespace entrepot::meta::sqlite
