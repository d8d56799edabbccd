#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

void link_job_cases() {}

TEST_P(StoreConformance, JobIsQueuedClaimedAndFinished) {
  const Job queued = write([](Transaction& tx) {
                       return tx.jobs().enqueue("collect", R"({"a":1})", at(1));
                     }).value();
  EXPECT_EQ(queued.kind, "collect");
  EXPECT_EQ(queued.state, "queued");
  EXPECT_EQ(queued.arguments, R"({"a":1})");
  EXPECT_EQ(queued.created_at, at(1));
  EXPECT_EQ(queued.finished_at, std::nullopt);

  const Job claimed =
      write([](Transaction& tx) { return tx.jobs().claim("collect", at(2)); }).value();
  EXPECT_EQ(claimed.id, queued.id);
  EXPECT_EQ(claimed.state, "running");
  EXPECT_EQ(claimed.arguments, queued.arguments);

  ASSERT_OK(write([&](Transaction& tx) { return tx.jobs().progress(queued.id, R"({"at":5})"); }));
  const auto find = [&] {
    return read([&](const Snapshot& s) { return s.jobs().find(queued.id); }).value();
  };
  EXPECT_EQ(find().progress, R"({"at":5})");
  EXPECT_EQ(find().state, "running");

  ASSERT_OK(write(
      [&](Transaction& tx) { return tx.jobs().finish(queued.id, true, R"({"at":9})", at(3)); }));
  EXPECT_EQ(find().state, "done");
  EXPECT_EQ(find().progress, R"({"at":9})");
  EXPECT_EQ(find().finished_at, at(3));
}

TEST_P(StoreConformance, FailedJobSaysSo) {
  const auto state = [&] {
    return write([](Transaction& tx) -> Result<std::string> {
             TRY_ASSIGN(const Job job, tx.jobs().enqueue("collect", "", at(1)));
             TRY(tx.jobs().finish(job.id, false, "", at(2)));
             TRY_ASSIGN(const Job found, tx.jobs().find(job.id));
             return found.state;
           })
        .value();
  };
  EXPECT_EQ(state(), "failed");
}

TEST_P(StoreConformance, OldestJobOfItsKindIsClaimedOnce) {
  ASSERT_OK(write([](Transaction& tx) -> Result<void> {
    TRY(tx.jobs().enqueue("import", "other", at(0)));
    TRY(tx.jobs().enqueue("collect", "first", at(1)));
    TRY(tx.jobs().enqueue("collect", "second", at(1)));
    return {};
  }));
  const auto claim = [&] {
    return write([](Transaction& tx) { return tx.jobs().claim("collect", at(2)); });
  };
  EXPECT_EQ(claim()->arguments, "first");
  EXPECT_EQ(claim()->arguments, "second");
  EXPECT_FAILS(NotFound, claim());
}

TEST_P(StoreConformance, RecentJobsAreOfOneKindNewestFirst) {
  ASSERT_OK(write([](Transaction& tx) -> Result<void> {
    TRY(tx.jobs().enqueue("collect", "1", at(1)));
    TRY(tx.jobs().enqueue("import", "x", at(1)));
    TRY(tx.jobs().enqueue("collect", "2", at(1)));
    TRY(tx.jobs().enqueue("collect", "3", at(1)));
    return {};
  }));
  const auto recent = read([](const Snapshot& s) { return s.jobs().recent("collect", 2); }).value();
  ASSERT_EQ(recent.size(), 2u);
  EXPECT_EQ(recent[0].arguments, "3");
  EXPECT_EQ(recent[1].arguments, "2");
}

TEST_P(StoreConformance, UnknownJobIsNotFound) {
  EXPECT_FAILS(NotFound, read([](const Snapshot& s) { return s.jobs().find(7); }));
  EXPECT_FAILS(NotFound, write([](Transaction& tx) { return tx.jobs().progress(7, ""); }));
  EXPECT_FAILS(NotFound,
               write([](Transaction& tx) { return tx.jobs().finish(7, true, "", at(1)); }));
}

TEST_P(StoreConformance, LeaseIsHeldByOneUntilItRunsOut) {
  const auto lease = [&](const char* who, int now, int until) {
    return write(
        [&](Transaction& tx) { return tx.jobs().lease("collect", who, at(now), at(until)); });
  };
  EXPECT_OK(lease("one", 0, 10));
  EXPECT_FAILS(Conflict, lease("two", 5, 15));
  EXPECT_OK(lease("one", 5, 20));  // extended
  EXPECT_FAILS(Conflict, lease("two", 15, 25));
  EXPECT_OK(lease("two", 20, 30));  // run out
  EXPECT_FAILS(Conflict, lease("one", 21, 31));
  EXPECT_OK(
      write([](Transaction& tx) { return tx.jobs().lease("another", "one", at(21), at(31)); }));
}

TEST_P(StoreConformance, ReleasedLeaseIsFreeAtOnce) {
  ASSERT_OK(write([](Transaction& tx) -> Result<void> {
    TRY(tx.jobs().lease("collect", "one", at(0), at(10)));
    return tx.jobs().release("collect", "two");  // not theirs: nothing happens
  }));
  const auto take = [&] {
    return write([](Transaction& tx) { return tx.jobs().lease("collect", "two", at(1), at(9)); });
  };
  EXPECT_FAILS(Conflict, take());
  ASSERT_OK(write([](Transaction& tx) { return tx.jobs().release("collect", "one"); }));
  EXPECT_OK(take());
}

}  // namespace entrepot::meta::testing
