#include <thread>

#include "meta/testing/on_threads.h"
#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

namespace {

Result<void> set(Transaction& tx, std::string_view key, std::string_view value) {
  return tx.settings().set(key, value);
}

}  // namespace

TEST_P(StoreConformance, SettingIsKeptAndReplaced) {
  const auto get = [&] {
    return read([](const Snapshot& s) { return s.settings().get("store.id"); });
  };
  EXPECT_FAILS(NotFound, get());
  ASSERT_OK(write([](Transaction& tx) { return set(tx, "store.id", "1"); }));
  EXPECT_EQ(get().value(), "1");
  ASSERT_OK(write([](Transaction& tx) { return set(tx, "store.id", ""); }));
  EXPECT_EQ(get().value(), "");
}

TEST_P(StoreConformance, WhatWasWrittenSurvivesARestart) {
  const RepositoryId repo = repository("app");
  const Digest digest = put(repo, "bytes");
  ASSERT_OK(write([&](Transaction& tx) { return tx.tags().move(repo, tag("v1"), digest, at(1)); }));
  reopen();
  EXPECT_EQ(
      read([](const Snapshot& s) { return s.manifests().find(name("app"), tag("v1")); })->bytes,
      "bytes");
  EXPECT_EQ(repository("app"), repo);
}

TEST_P(StoreConformance, WorkThatFailsLeavesNothing) {
  EXPECT_FAILS(QuotaExceeded, write([](Transaction& tx) -> Result<void> {
                 TRY(set(tx, "key", "value"));
                 TRY(tx.repositories().find_or_create(name("app"), at(0)));
                 return fail(ErrorCode::QuotaExceeded, "no");
               }));
  EXPECT_FAILS(NotFound, read([](const Snapshot& s) { return s.settings().get("key"); }));
  EXPECT_FAILS(NotFound,
               read([](const Snapshot& s) { return s.repositories().find(name("app")); }));
}

// An error inside that the work chose to live with is not the work's error.
TEST_P(StoreConformance, WorkMayGoOnAfterAnErrorInside) {
  ASSERT_OK(write([](Transaction& tx) -> Result<void> {
    EXPECT_FAILS(NotFound, tx.blobs().mark_going(sha256("unknown")));
    return set(tx, "key", "value");
  }));
  EXPECT_OK(read([](const Snapshot& s) { return s.settings().get("key"); }));
}

TEST_P(StoreConformance, WorkSeesItsOwnWrites) {
  ASSERT_OK(write([](Transaction& tx) -> Result<void> {
    TRY(set(tx, "key", "mine"));
    EXPECT_EQ(tx.settings().get("key").value(), "mine");
    return {};
  }));
}

TEST_P(StoreConformance, SnapshotDoesNotSeeLaterWrites) {
  ASSERT_OK(write([](Transaction& tx) { return set(tx, "key", "before"); }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    EXPECT_EQ(s.settings().get("key").value(), "before");
    std::thread([&] {
      EXPECT_OK(write([](Transaction& tx) { return set(tx, "key", "after"); }));
    }).join();
    EXPECT_EQ(s.settings().get("key").value(), "before");
    return {};
  }));
  EXPECT_EQ(read([](const Snapshot& s) { return s.settings().get("key"); }).value(), "after");
}

// The result of `look` is the result of read(), and the store goes on.
TEST_P(StoreConformance, LookThatFailsHarmsNothing) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_FAILS(Denied, read([](const Snapshot&) -> Result<void> {
                   return fail(ErrorCode::Denied, "not for you");
                 }));
  }
  EXPECT_OK(read([](const Snapshot& s) { return s.repositories().list("", 1); }));
}

// Many write at once, every third fails on its own: exactly the others are there afterwards, and
// each of them as soon as its write returned.
TEST_P(StoreConformance, ConcurrentWorksFailAlone) {
  constexpr int kThreads = 8;
  constexpr int kWorks = 30;
  on_threads(kThreads, [&](int thread) {
    Context own;
    for (int i = 0; i < kWorks; ++i) {
      const std::string key = fmt::format("{}-{}", thread, i);
      const bool fails = i % 3 == 0;
      const auto written = store().write(own, [&](Transaction& tx) -> Result<void> {
        TRY(set(tx, key, key));
        if (fails) return fail(ErrorCode::Conflict, "on purpose");
        return {};
      });
      EXPECT_EQ(written.has_value(), !fails);
      const auto seen =
          store().view<std::string>(own, [&](const Snapshot& s) { return s.settings().get(key); });
      EXPECT_EQ(seen.has_value(), !fails) << key;
    }
  });
}

// Two that read and then write do not overwrite one another's result.
TEST_P(StoreConformance, ConcurrentWorksAreSerial) {
  constexpr int kThreads = 4;
  constexpr int kWorks = 50;
  ASSERT_OK(write([](Transaction& tx) { return set(tx, "counter", "0"); }));
  on_threads(kThreads, [&](int) {
    Context own;
    for (int i = 0; i < kWorks; ++i) {
      EXPECT_OK(store().write(own, [](Transaction& tx) -> Result<void> {
        TRY_ASSIGN(const std::string value, tx.settings().get("counter"));
        return set(tx, "counter", std::to_string(std::stoi(value) + 1));
      }));
    }
  });
  EXPECT_EQ(read([](const Snapshot& s) { return s.settings().get("counter"); }).value(),
            std::to_string(kThreads * kWorks));
}

TEST_P(StoreConformance, CallsOfADeadContextDoNothing) {
  Context cancelled;
  cancelled.cancel();
  Context late("late", std::chrono::steady_clock::now() - std::chrono::seconds(1));
  const auto work = [](Transaction& tx) { return set(tx, "key", "value"); };
  const auto look = [](const Snapshot&) -> Result<void> { return {}; };
  EXPECT_FAILS(Cancelled, store().write(cancelled, work));
  EXPECT_FAILS(Cancelled, store().read(cancelled, look));
  EXPECT_FAILS(Timeout, store().write(late, work));
  EXPECT_FAILS(Timeout, store().read(late, look));
  EXPECT_FAILS(NotFound, read([](const Snapshot& s) { return s.settings().get("key"); }));
}

TEST_P(StoreConformance, HealthyStoreIsWritable) { EXPECT_OK(store().check_writable(context())); }

TEST_P(StoreConformance, SettingsAreListedByPrefixAndRemoved) {
  ASSERT_OK(write([](Transaction& tx) -> Result<void> {
    for (const char* key : {"a", "a/1", "a/2", "a/\u00e9", "a0", "b"}) {
      TRY(tx.settings().set(key, std::string("of ") + key));
    }
    return {};
  }));
  const auto list = [&](std::string_view prefix, std::string_view after, std::size_t limit) {
    std::vector<std::string> keys;
    const auto found =
        read([&](const Snapshot& s) { return s.settings().list(prefix, after, limit); }).value();
    for (const Settings::Entry& entry : found) {
      EXPECT_EQ(entry.value, "of " + entry.key);
      keys.push_back(entry.key);
    }
    return keys;
  };
  EXPECT_EQ(list("a/", "", 10), (std::vector<std::string>{"a/1", "a/2", "a/\u00e9"}));
  EXPECT_EQ(list("a/", "", 1), (std::vector<std::string>{"a/1"}));
  EXPECT_EQ(list("a/", "a/1", 1), (std::vector<std::string>{"a/2"}));
  EXPECT_TRUE(list("a/", "a/\u00e9", 10).empty());
  ASSERT_OK(write([](Transaction& tx) -> Result<void> {
    TRY(tx.settings().remove("a/2"));
    return tx.settings().remove("never there");
  }));
  EXPECT_EQ(list("a/", "", 10), (std::vector<std::string>{"a/1", "a/\u00e9"}));
}

}  // namespace entrepot::meta::testing
