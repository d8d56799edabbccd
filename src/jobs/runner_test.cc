#include "jobs/runner.h"

#include <atomic>
#include <future>
#include <new>

#include <gtest/gtest.h>

#include "base/mutex.h"
#include "jobs/testing/world.h"

namespace entrepot::jobs {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::eventually;
using testing::quick_options;

using Handler = std::function<Result<Bytes>(Run&)>;
using RoundHandler = std::function<Result<void>(Run&)>;

Kind jobs_alone(Handler handler, const std::string& name = "work") {
  return {.name = name, .who = name, .job = std::move(handler), .rounds = std::nullopt};
}

Kind rounds_alone(RoundHandler handler, milliseconds interval = hours(1)) {
  return {.name = "work",
          .who = "work",
          .job = nullptr,
          .rounds = Rounds{.handler = std::move(handler), .interval = interval}};
}

// Hands everything on, and counts what was written.
class CountingStore final : public meta::Store {
 public:
  explicit CountingStore(meta::Store& inner) : inner_(inner) {}
  Result<void> write(Context& context, const Work& work) override {
    ++writes;
    return inner_.write(context, work);
  }
  Result<void> read(Context& context, const Look& look) override {
    ++reads;
    return inner_.read(context, look);
  }
  void listen(meta::Listener&) override {}
  Result<void> check_writable(Context&) override { return {}; }

  std::atomic<int> writes = 0;
  std::atomic<int> reads = 0;

 private:
  meta::Store& inner_;
};

class RunnerTest : public ::testing::Test {
 protected:
  template <class... Kinds>
  std::unique_ptr<Runner> start(const Runner::Options& options, Kinds... kinds) {
    std::vector<Kind> list;
    (list.push_back(std::move(kinds)), ...);
    return std::make_unique<Runner>(store_, clock_, options, std::move(list));
  }

  // It is to end a job without running it.
  std::unique_ptr<Runner> start_one_that_must_not_work() {
    return start(quick_options("one", /*sole=*/true), jobs_alone([](jobs::Run&) -> Result<Bytes> {
                   ADD_FAILURE() << "the job ran";
                   return "";
                 }));
  }

  std::int64_t enqueue(ByteView arguments = "", std::string_view kind = "work") {
    return testing::enqueue(store_, kind, arguments);
  }
  meta::Job job(std::int64_t id) { return testing::find_job(store_, id); }
  bool ends(std::int64_t id) { return testing::ends(store_, id); }

  // For the store and the runners.
  void pass(milliseconds time) {
    metadata_->pass(time);
    clock_.advance(time);
  }

  template <class Work>
  Result<void> write(const Work& work) {
    Context context;
    return store_.write(context, work);
  }

  // As a process does it that is killed right then.
  void claim_as(const std::string& owner, ByteView progress = "") {
    ASSERT_OK(write([&](meta::Transaction& tx) -> Result<void> {
      TRY(tx.jobs().lease("work", owner, seconds(60)));
      TRY_ASSIGN(const meta::Job job, tx.jobs().claim("work", owner));
      TRY(tx.jobs().progress(job.id, owner, progress));
      return {};
    }));
  }

  const std::unique_ptr<meta::sqlite::testing::TemporaryStore> metadata_ =
      meta::sqlite::testing::open_temporary();
  CountingStore store_{metadata_->store()};
  entrepot::testing::FakeClock clock_;
};

TEST_F(RunnerTest, JobsAreDoneInTheOrderInWhichTheyCame) {
  std::string done;  // of the runner's thread, until it ended
  std::int64_t last = 0;
  for (const char* each : {"1", "2", "3", "4"}) last = enqueue(each);
  auto runner = start(quick_options("one"), jobs_alone([&](jobs::Run& run) -> Result<Bytes> {
                        done += run.arguments();
                        return "did " + Bytes(run.arguments());
                      }));
  ASSERT_TRUE(ends(last));
  runner.reset();
  EXPECT_EQ(done, "1234");
  EXPECT_EQ(job(last).state, "done");
  EXPECT_EQ(job(last).progress, "did 4");
  EXPECT_EQ(job(last).finished_at, clock_.wall());
}

TEST_F(RunnerTest, LongJobHoldsUpNoOtherKind) {
  const auto busy = enqueue("", "long");
  const auto runner = start(quick_options("one"),  //
                            jobs_alone(
                                [](jobs::Run& run) -> Result<Bytes> {
                                  TRY(run.rest(hours(1)));
                                  return "";
                                },
                                "long"),
                            jobs_alone([](jobs::Run&) -> Result<Bytes> { return ""; }, "short"));
  ASSERT_TRUE(eventually([&] { return job(busy).state == "running"; }));
  EXPECT_TRUE(ends(enqueue("", "short")));
  EXPECT_EQ(job(busy).state, "running");
}

TEST_F(RunnerTest, TwoRunnersOnOneStoreNeverRunAKindAtOnce) {
  std::atomic<int> at_work = 0;
  std::atomic<int> most = 0;
  Mutex mutex;
  std::vector<std::int64_t> done;
  const auto work = [&](jobs::Run& run) -> Result<Bytes> {
    most = std::max<int>(most, ++at_work);
    std::this_thread::sleep_for(milliseconds(1));
    {
      const MutexLock lock(mutex);
      done.push_back(run.id());
    }
    --at_work;
    return "";
  };
  auto one = start(quick_options("one"), jobs_alone(work));
  const auto two = start(quick_options("two"), jobs_alone(work));
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(enqueue());
  one.reset();  // gives the lease back, if it has it
  for (int i = 0; i < 20; ++i) ids.push_back(enqueue());
  for (const auto id : ids) ASSERT_TRUE(ends(id));
  const MutexLock lock(mutex);
  EXPECT_EQ(most, 1);
  EXPECT_EQ(done, ids);
}

TEST_F(RunnerTest, JobOfAProcessThatIsGoneGoesOnWhenItsLeaseHasEnded) {
  const auto id = enqueue();
  claim_as("another", "half");
  const auto runner = start(quick_options("one"), jobs_alone([](jobs::Run& run) -> Result<Bytes> {
                              return Bytes(run.progress()) + " and half";
                            }));
  std::this_thread::sleep_for(milliseconds(30));
  EXPECT_EQ(job(id).owner, "another");
  pass(seconds(61));
  ASSERT_TRUE(ends(id));
  EXPECT_EQ(job(id).progress, "half and half");
  EXPECT_EQ(job(id).owner, "one");
}

TEST_F(RunnerTest, WhoIsSoleTakesOverAtOnce) {
  const auto id = enqueue();
  claim_as("killed", "half");
  const auto runner =
      start(quick_options("one", /*sole=*/true),
            jobs_alone([](jobs::Run& run) -> Result<Bytes> { return Bytes(run.progress()); }));
  ASSERT_TRUE(ends(id));
  EXPECT_EQ(job(id).progress, "half");
}

TEST_F(RunnerTest, WhoLostItsLeaseStopsAndLeavesTheJobToTheOther) {
  const auto id = enqueue();
  std::promise<void> taken_over;
  std::promise<ErrorCode> told;
  auto runner = start(quick_options("one"), jobs_alone([&](jobs::Run& run) -> Result<Bytes> {
                        taken_over.get_future().wait();
                        const auto stop = run.tell("what nobody wants to know");
                        told.set_value(stop.error().code);
                        TRY(stop);
                        return "";
                      }));
  ASSERT_TRUE(eventually([&] { return job(id).state == "running"; }));
  pass(seconds(61));
  claim_as("two", "theirs");
  taken_over.set_value();
  EXPECT_EQ(told.get_future().get(), ErrorCode::Conflict);
  runner.reset();
  EXPECT_EQ(job(id).state, "running");
  EXPECT_EQ(job(id).owner, "two");
  EXPECT_EQ(job(id).progress, "theirs");
}

TEST_F(RunnerTest, LeaseIsGivenBackAtTheEnd) {
  auto runner =
      start(quick_options("one"), jobs_alone([](jobs::Run&) -> Result<Bytes> { return ""; }));
  ASSERT_TRUE(ends(enqueue()));
  runner.reset();
  EXPECT_OK(
      write([](meta::Transaction& tx) { return tx.jobs().lease("work", "two", seconds(60)); }));
}

TEST_F(RunnerTest, JobThatIsNotWantedAnyMoreEndsAsCancelled) {
  const auto id = enqueue();
  const auto runner = start(quick_options("one"), jobs_alone([](jobs::Run& run) -> Result<Bytes> {
                              for (int i = 0;; ++i) {
                                TRY(run.tell(std::to_string(i)));
                                TRY(run.rest(milliseconds(1)));
                              }
                            }));
  ASSERT_TRUE(eventually([&] { return job(id).state == "running"; }));
  ASSERT_OK(write([&](meta::Transaction& tx) { return tx.jobs().cancel(id, clock_.wall()); }));
  ASSERT_TRUE(ends(id));
  EXPECT_EQ(job(id).state, "cancelled");
  EXPECT_NE(job(id).progress, "");
}

TEST_F(RunnerTest, WishThatNobodyLivedToHearHoldsForTheNextRun) {
  const auto id = enqueue();
  claim_as("killed", "half");
  ASSERT_OK(write([&](meta::Transaction& tx) { return tx.jobs().cancel(id, clock_.wall()); }));
  const auto runner = start_one_that_must_not_work();
  ASSERT_TRUE(ends(id));
  EXPECT_EQ(job(id).state, "cancelled");
  EXPECT_EQ(job(id).progress, "half");
}

TEST_F(RunnerTest, WhatMayPassIsTriedAgainAfterTwiceAsLongUntilTheAttemptsAreUsedUp) {
  std::atomic<int> runs = 0;
  const auto id = enqueue();
  const auto runner = start(quick_options("one"), jobs_alone([&](jobs::Run& run) -> Result<Bytes> {
                              TRY(run.tell(std::to_string(++runs)));
                              return fail(ErrorCode::Unavailable, "the store is away");
                            }));
  milliseconds after = seconds(1);
  for (int attempt = 1; attempt < 5; ++attempt, after *= 2) {
    ASSERT_TRUE(eventually([&] { return runs == attempt && job(id).state == "queued"; }));
    EXPECT_EQ(job(id).progress, std::to_string(attempt));
    pass(after - milliseconds(1));
    std::this_thread::sleep_for(milliseconds(10));
    EXPECT_EQ(runs, attempt);
    pass(milliseconds(1));
  }
  ASSERT_TRUE(ends(id));
  EXPECT_EQ(runs, 5);
  EXPECT_EQ(job(id).state, "failed");
  EXPECT_EQ(job(id).progress, "5");
}

TEST_F(RunnerTest, WhatWillNotPassFailsAtOnceAndTheNextJobIsDone) {
  const auto runner = start(quick_options("one"), jobs_alone([](jobs::Run& run) -> Result<Bytes> {
                              if (run.arguments() == "sense") return "done";
                              return fail(ErrorCode::InvalidArgument, "no sense");
                            }));
  const auto senseless = enqueue("nonsense");
  const auto sensible = enqueue("sense");
  ASSERT_TRUE(ends(sensible));
  ASSERT_TRUE(ends(senseless));
  EXPECT_EQ(job(senseless).state, "failed");
  EXPECT_EQ(job(sensible).state, "done");
}

TEST_F(RunnerTest, JobThatEndsWhoeverRunsItFails) {
  const auto id = enqueue();
  for (int i = 0; i < 5; ++i) claim_as("killed");
  const auto runner = start_one_that_must_not_work();
  ASSERT_TRUE(ends(id));
  EXPECT_EQ(job(id).state, "failed");
}

TEST_F(RunnerTest, JobWithoutMemoryIsTakenUpAgain) {
  std::atomic<int> runs = 0;
  const auto id = enqueue();
  const auto runner = start(quick_options("one"), jobs_alone([&](jobs::Run& run) -> Result<Bytes> {
                              if (++runs == 1) {
                                TRY(run.tell("half"));
                                throw std::bad_alloc();
                              }
                              return Bytes(run.progress());
                            }));
  ASSERT_TRUE(ends(id));
  EXPECT_EQ(job(id).state, "done");
  EXPECT_EQ(job(id).progress, "half");
}

TEST_F(RunnerTest, JobThatIsCutShortGoesOnWhereItWasAndThatIsNoAttempt) {
  const auto id = enqueue();
  const auto work = [](jobs::Run& run) -> Result<Bytes> {
    const Bytes before(run.progress());
    if (!before.empty()) return before + " and half";
    TRY(run.tell("half"));
    TRY(run.rest(hours(1)));
    return "never";
  };
  auto runner = start(quick_options("one"), jobs_alone(work));
  ASSERT_TRUE(eventually([&] { return job(id).progress == "half"; }));
  runner.reset();
  EXPECT_EQ(job(id).state, "queued");
  EXPECT_EQ(job(id).progress, "half");
  EXPECT_EQ(job(id).attempts, 0);
  runner = start(quick_options("two"), jobs_alone(work));
  ASSERT_TRUE(ends(id));
  EXPECT_EQ(job(id).state, "done");
  EXPECT_EQ(job(id).progress, "half and half");
}

TEST_F(RunnerTest, HandlerThatStopsOfItsOwnGoesOnLater) {
  std::atomic<bool> is_paused = true;
  const auto id = enqueue();
  const auto runner = start(quick_options("one"), jobs_alone([&](jobs::Run& run) -> Result<Bytes> {
                              TRY(run.tell("half"));
                              if (is_paused) return fail(ErrorCode::Cancelled, "paused");
                              return "whole";
                            }));
  ASSERT_TRUE(eventually([&] { return job(id).state == "queued" && job(id).progress == "half"; }));
  is_paused = false;
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(job(id).state, "queued");
  pass(seconds(60));
  ASSERT_TRUE(ends(id));
  EXPECT_EQ(job(id).progress, "whole");
  EXPECT_EQ(job(id).attempts, 1);
}

TEST_F(RunnerTest, RoundsComeAtOnceAndAfterEachInterval) {
  std::atomic<int> rounds = 0;
  const auto runner = start(quick_options("one"), rounds_alone([&](jobs::Run&) -> Result<void> {
                              ++rounds;
                              return {};
                            }));
  ASSERT_TRUE(eventually([&] { return rounds == 1; }));
  for (int i = 2; i < 5; ++i) {
    pass(hours(1) - seconds(1));
    std::this_thread::sleep_for(milliseconds(10));
    EXPECT_EQ(rounds, i - 1);
    pass(seconds(1));
    EXPECT_TRUE(eventually([&] { return rounds == i; }));
  }
}

TEST_F(RunnerTest, RoundThatFailsIsFollowedByAPause) {
  std::atomic<int> rounds = 0;
  Kind kind = rounds_alone(
      [&](jobs::Run&) -> Result<void> {
        if (++rounds == 1) throw std::bad_alloc();
        return fail(ErrorCode::Unavailable, "the store is away");
      },
      seconds(1));
  kind.rounds->after_error = hours(1);
  const auto runner = start(quick_options("one"), std::move(kind));
  for (int i = 1; i < 4; ++i) {
    ASSERT_TRUE(eventually([&] { return rounds == i; }));
    pass(hours(1) - seconds(1));
    std::this_thread::sleep_for(milliseconds(10));
    EXPECT_EQ(rounds, i);
    pass(seconds(1));
  }
}

TEST_F(RunnerTest, RoundsWaitWhileAnotherProcessHoldsTheLease) {
  ASSERT_OK(
      write([](meta::Transaction& tx) { return tx.jobs().lease("work", "another", seconds(60)); }));
  std::atomic<int> rounds = 0;
  const auto runner = start(quick_options("one"), rounds_alone(
                                                      [&](jobs::Run&) -> Result<void> {
                                                        ++rounds;
                                                        return {};
                                                      },
                                                      seconds(1)));
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(rounds, 0);
  pass(seconds(60));
  EXPECT_TRUE(eventually([&] { return rounds > 0; }));
}

// An idle server lets its disk sleep.
TEST_F(RunnerTest, WhoIsSoleWritesNothingWhileThereIsNothingToDo) {
  std::atomic<int> rounds = 0;
  Kind kind = rounds_alone(
      [&](jobs::Run& run) -> Result<void> {
        ++rounds;
        TRY(run.tell("nothing to keep"));
        return run.rest(milliseconds(1));
      },
      seconds(1));
  kind.job = [](jobs::Run&) -> Result<Bytes> { return ""; };
  const auto runner = start(quick_options("one", /*sole=*/true), std::move(kind));
  const int looks = store_.reads;
  EXPECT_TRUE(eventually([&] {
    pass(seconds(1));
    return rounds > 10 && store_.reads > looks + 10;
  }));
  EXPECT_EQ(store_.writes, 0);
}

TEST_F(RunnerTest, RoundsLeaveNoRow) {
  std::atomic<int> rounds = 0;
  auto runner = start(quick_options("one"), rounds_alone([&](jobs::Run& run) -> Result<void> {
                        TRY(run.tell("nothing to keep"));
                        ++rounds;
                        return {};
                      }));
  ASSERT_TRUE(eventually([&] { return rounds > 0; }));
  runner.reset();
  Context context;
  const auto rows = store_.view<std::vector<meta::Job>>(
      context, [](const meta::Snapshot& s) { return s.jobs().recent("work", 10); });
  EXPECT_TRUE(rows->empty());
}

TEST_F(RunnerTest, JobIsDoneWhileALongRoundRests) {
  std::atomic<bool> in_round = false;
  Kind kind = rounds_alone([&](jobs::Run& run) -> Result<void> {
    in_round = true;
    return run.rest(hours(1));
  });
  std::atomic<bool> was_in_round = false;
  kind.job = [&](jobs::Run&) -> Result<Bytes> {
    was_in_round = in_round.load();
    return "";
  };
  const auto runner = start(quick_options("one"), std::move(kind));
  ASSERT_TRUE(eventually([&] { return in_round.load(); }));
  const auto id = enqueue();
  ASSERT_TRUE(eventually([&] {
    pass(seconds(1));
    return job(id).finished_at.has_value();
  }));
  EXPECT_TRUE(was_in_round);
}

TEST_F(RunnerTest, AllKindsEndTogetherAtOnce) {
  std::atomic<int> resting = 0;
  const auto rest = [&](jobs::Run& run) -> Result<void> {
    ++resting;
    return run.rest(hours(1));
  };
  const auto id = enqueue("", "jobs");
  auto runner = start(quick_options("one"), rounds_alone(rest), rounds_alone(rest),
                      jobs_alone(
                          [&](jobs::Run& run) -> Result<Bytes> {
                            TRY(rest(run));
                            return "";
                          },
                          "jobs"),
                      jobs_alone([](jobs::Run&) -> Result<Bytes> { return ""; }, "idle"));
  ASSERT_TRUE(eventually([&] { return resting >= 2 && job(id).state == "running"; }));
  const auto begin = std::chrono::steady_clock::now();
  runner.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
}

TEST(ProcessName, IsNobodyElses) {
  EXPECT_NE(process_name(), process_name());
  EXPECT_NE(process_name().find('/'), std::string::npos);
}

}  // namespace
}  // namespace entrepot::jobs
