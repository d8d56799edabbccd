#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

Result<Job> claim(Transaction& tx, const char* owner = "one") {
  return tx.jobs().claim("collect", owner);
}

// Queues one and claims it for "one".
Result<Job> make_running(Transaction& tx) {
  TRY(tx.jobs().enqueue("collect", "", at(1)));
  return claim(tx);
}

}  // namespace

TEST_P(StoreConformance, JobIsQueuedClaimedAndFinished) {
  const Job queued = write([](Transaction& tx) {
                       return tx.jobs().enqueue("collect", R"({"a":1})", at(1));
                     }).value();
  EXPECT_EQ(queued.kind, "collect");
  EXPECT_EQ(queued.state, "queued");
  EXPECT_EQ(queued.arguments, R"({"a":1})");
  EXPECT_EQ(queued.created_at, at(1));
  EXPECT_EQ(queued.finished_at, std::nullopt);
  EXPECT_EQ(queued.attempts, 0);
  EXPECT_EQ(queued.owner, "");

  const Job claimed = write([](Transaction& tx) { return claim(tx); }).value();
  EXPECT_EQ(claimed.id, queued.id);
  EXPECT_EQ(claimed.state, "running");
  EXPECT_EQ(claimed.arguments, queued.arguments);
  EXPECT_EQ(claimed.attempts, 1);
  EXPECT_EQ(claimed.owner, "one");

  const auto wished =
      write([&](Transaction& tx) { return tx.jobs().progress(queued.id, "one", R"({"at":5})"); });
  EXPECT_FALSE(wished.value());
  const auto find = [&] {
    return read([&](const Snapshot& s) { return s.jobs().find(queued.id); }).value();
  };
  EXPECT_EQ(find().progress, R"({"at":5})");
  EXPECT_EQ(find().state, "running");

  ASSERT_OK(write([&](Transaction& tx) {
    return tx.jobs().finish(queued.id, "one", JobEnd::Done, R"({"at":9})", at(3));
  }));
  EXPECT_EQ(find().state, "done");
  EXPECT_EQ(find().progress, R"({"at":9})");
  EXPECT_EQ(find().finished_at, at(3));
}

TEST_P(StoreConformance, JobSaysHowItEnded) {
  const auto state_after = [&](JobEnd end) {
    return write([&](Transaction& tx) -> Result<std::string> {
             TRY_ASSIGN(const Job job, make_running(tx));
             TRY(tx.jobs().finish(job.id, "one", end, "", at(2)));
             TRY_ASSIGN(const Job found, tx.jobs().find(job.id));
             return found.state;
           })
        .value();
  };
  EXPECT_EQ(state_after(JobEnd::Failed), "failed");
  EXPECT_EQ(state_after(JobEnd::Cancelled), "cancelled");
}

TEST_P(StoreConformance, OldestJobOfItsKindIsClaimedFirst) {
  ASSERT_OK(write([](Transaction& tx) -> Result<void> {
    TRY(tx.jobs().enqueue("import", "other", at(0)));
    TRY(tx.jobs().enqueue("collect", "first", at(1)));
    TRY(tx.jobs().enqueue("collect", "second", at(0)));
    return {};
  }));
  const auto waits = [&] {
    return read([](const Snapshot& s) { return s.jobs().waits("collect"); }).value();
  };
  const auto do_one = [&] {
    return write([](Transaction& tx) -> Result<std::string> {
      TRY_ASSIGN(const Job job, claim(tx));
      TRY(tx.jobs().finish(job.id, "one", JobEnd::Done, "", at(2)));
      return job.arguments;
    });
  };
  EXPECT_TRUE(waits());
  EXPECT_EQ(do_one(), "first");
  EXPECT_EQ(do_one(), "second");
  EXPECT_FALSE(waits());
  EXPECT_FAILS(NotFound, do_one());
}

// By a process that is gone, as far as who claims it knows.
TEST_P(StoreConformance, JobThatWasLeftRunningIsClaimedWithItsProgress) {
  const Job left = write([](Transaction& tx) -> Result<Job> {
                     TRY_ASSIGN(const Job job, make_running(tx));
                     TRY(tx.jobs().enqueue("collect", "younger", at(0)));
                     TRY(tx.jobs().progress(job.id, "one", "half"));
                     return job;
                   }).value();
  const Job taken = write([](Transaction& tx) { return claim(tx, "two"); }).value();
  EXPECT_EQ(taken.id, left.id);
  EXPECT_EQ(taken.progress, "half");
  EXPECT_EQ(taken.owner, "two");
  EXPECT_EQ(taken.attempts, 2);
  // The first one turns out to live, and is not listened to.
  EXPECT_FAILS(Conflict,
               write([&](Transaction& tx) { return tx.jobs().progress(left.id, "one", ""); }));
  EXPECT_FAILS(Conflict,
               write([&](Transaction& tx) { return tx.jobs().put_back(left.id, "one", {}); }));
  EXPECT_FAILS(Conflict, write([&](Transaction& tx) {
                 return tx.jobs().finish(left.id, "one", JobEnd::Done, "", at(2));
               }));
}

TEST_P(StoreConformance, JobThatIsPutBackIsDueWhenItSaid) {
  const auto put_back = [&](milliseconds after, bool counts) {
    return write([&](Transaction& tx) -> Result<void> {
      TRY_ASSIGN(const Job job, claim(tx));
      return tx.jobs().put_back(job.id, "one", {"half", after, counts});
    });
  };
  const auto waits = [&] {
    return read([](const Snapshot& s) { return s.jobs().waits("collect"); }).value();
  };
  const Job job =
      write([](Transaction& tx) { return tx.jobs().enqueue("collect", "", at(0)); }).value();
  const auto found = [&] {
    return read([&](const Snapshot& s) { return s.jobs().find(job.id); }).value();
  };

  ASSERT_OK(put_back(milliseconds(0), /*counts=*/false));
  EXPECT_EQ(found().state, "queued");
  EXPECT_EQ(found().progress, "half");
  EXPECT_EQ(found().owner, "");
  EXPECT_EQ(found().attempts, 0);
  EXPECT_TRUE(waits());

  ASSERT_OK(put_back(seconds(10), /*counts=*/true));
  EXPECT_EQ(found().attempts, 1);
  EXPECT_FALSE(waits());
  EXPECT_FAILS(NotFound, write([](Transaction& tx) { return claim(tx); }));
  pass(seconds(9));
  EXPECT_FALSE(waits());
  pass(seconds(1));
  EXPECT_TRUE(waits());
  EXPECT_EQ(write([](Transaction& tx) { return claim(tx); })->attempts, 2);
}

TEST_P(StoreConformance, JobThatWaitsForNothingGoesBeforeOnesThatWaited) {
  const auto claimed = write([](Transaction& tx) -> Result<std::string> {
    TRY_ASSIGN(const Job job, make_running(tx));
    TRY(tx.jobs().put_back(job.id, "one", {"", seconds(10)}));
    TRY(tx.jobs().enqueue("collect", "younger", at(2)));
    TRY_ASSIGN(const Job next, claim(tx));
    return next.arguments;
  });
  EXPECT_EQ(claimed, "younger");
}

TEST_P(StoreConformance, QueuedJobIsCancelledAtOnceAndARunningOneWhenItAsks) {
  const auto [queued, running] =
      write([](Transaction& tx) -> Result<std::pair<Job, Job>> {
        TRY_ASSIGN(const Job job, make_running(tx));
        TRY_ASSIGN(const Job later, tx.jobs().enqueue("collect", "", at(1)));
        TRY(tx.jobs().cancel(job.id, at(2)));
        TRY(tx.jobs().cancel(later.id, at(2)));
        return std::pair(later, job);
      }).value();
  const auto find = [&](const Job& job) {
    return read([&](const Snapshot& s) { return s.jobs().find(job.id); }).value();
  };
  EXPECT_EQ(find(queued).state, "cancelled");
  EXPECT_EQ(find(queued).finished_at, at(2));
  EXPECT_EQ(find(running).state, "running");
  EXPECT_TRUE(find(running).cancel_wished);
  EXPECT_TRUE(
      write([&](Transaction& tx) { return tx.jobs().progress(running.id, "one", ""); }).value());
  ASSERT_OK(write([&](Transaction& tx) {
    return tx.jobs().finish(running.id, "one", JobEnd::Cancelled, "", at(3));
  }));
  ASSERT_OK(write([&](Transaction& tx) { return tx.jobs().cancel(running.id, at(9)); }));
  EXPECT_EQ(find(running).finished_at, at(3));
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
  EXPECT_FAILS(NotFound, write([](Transaction& tx) { return tx.jobs().progress(7, "one", ""); }));
  EXPECT_FAILS(NotFound, write([](Transaction& tx) { return tx.jobs().put_back(7, "one", {}); }));
  EXPECT_FAILS(NotFound, write([](Transaction& tx) { return tx.jobs().cancel(7, at(1)); }));
  EXPECT_FAILS(NotFound, write([](Transaction& tx) {
                 return tx.jobs().finish(7, "one", JobEnd::Done, "", at(1));
               }));
}

TEST_P(StoreConformance, LeaseIsHeldByOneUntilItRunsOut) {
  const auto lease = [&](const char* who, const char* what = "collect") {
    return write([&](Transaction& tx) { return tx.jobs().lease(what, who, seconds(10)); });
  };
  EXPECT_OK(lease("one"));
  EXPECT_FAILS(Conflict, lease("two"));
  pass(seconds(5));
  EXPECT_OK(lease("one"));  // extended
  pass(seconds(9));
  EXPECT_FAILS(Conflict, lease("two"));
  pass(seconds(1));
  EXPECT_OK(lease("two"));  // run out
  EXPECT_FAILS(Conflict, lease("one"));
  EXPECT_OK(lease("one", "another"));
}

TEST_P(StoreConformance, LeaseThatAWrongClockStampedCountsForNone) {
  const auto lease = [&](const char* who, milliseconds duration) {
    return write([&](Transaction& tx) { return tx.jobs().lease("collect", who, duration); });
  };
  ASSERT_OK(lease("one", hours(24 * 365)));
  EXPECT_OK(lease("two", seconds(10)));
}

TEST_P(StoreConformance, ReleasedLeaseIsFreeAtOnce) {
  ASSERT_OK(write([](Transaction& tx) -> Result<void> {
    TRY(tx.jobs().lease("collect", "one", seconds(10)));
    return tx.jobs().release("collect", "two");  // not theirs: nothing happens
  }));
  const auto take = [&] {
    return write([](Transaction& tx) { return tx.jobs().lease("collect", "two", seconds(10)); });
  };
  EXPECT_FAILS(Conflict, take());
  ASSERT_OK(write([](Transaction& tx) { return tx.jobs().release("collect", "one"); }));
  EXPECT_OK(take());
}

}  // namespace entrepot::meta::testing
