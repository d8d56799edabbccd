#include "server/run/operations.h"

#include "auth/open_mode.h"
#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "http/server/testing/request.h"

namespace entrepot::server {
namespace {

using http::server::testing::make_request;

class OperationsTest : public ::testing::Test {
 protected:
  http::Response ask(std::string_view method, std::string_view target) {
    const auto request = make_request(method, target);
    if (auto response = operations_.answer_from_memory(request)) return *std::move(response);
    ++on_worker_;
    return std::get<http::Response>(operations_.handle(context_, request));
  }
  http::Response get(std::string_view target) { return ask("GET", target); }
  static std::string body_of(http::Response& response) {
    Context context;
    return read_all(context, response.body, 1 << 20).value();
  }
  void start() {
    readiness_.started([this](Context&) -> Result<void> {
      ++checks_;
      if (broken_) return fail(*broken_, "no space in /srv/registry");
      return {};
    });
  }

  Context context_;
  testing::FakeClock clock_;
  metrics::Registry metrics_;
  Readiness readiness_{clock_};
  Operations operations_{readiness_, metrics_, "/metrics"};
  std::optional<ErrorCode> broken_;
  int checks_ = 0;
  int on_worker_ = 0;
};

TEST_F(OperationsTest, AliveFromTheFirstMoment) {
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/readyz").status, 503) << "it is starting";
  EXPECT_EQ(on_worker_, 0);
}

TEST_F(OperationsTest, ReadyWhenAWriteWorks) {
  start();
  EXPECT_EQ(get("/readyz").status, 200);
  EXPECT_EQ(checks_, 1);
}

TEST_F(OperationsTest, NotReadySaysWhyWithoutAPath) {
  start();
  broken_ = ErrorCode::StorageFull;
  auto response = get("/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(body_of(response), "not ready: StorageFull\n");
  EXPECT_EQ(get("/healthz").status, 200) << "it is alive";
}

// Asking costs a write, so asking often must not.
TEST_F(OperationsTest, AnAnswerIsRememberedForASecond) {
  start();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(get("/readyz").status, 200);
  EXPECT_EQ(checks_, 1);
  clock_.advance(std::chrono::milliseconds(999));
  broken_ = ErrorCode::Unavailable;
  EXPECT_EQ(get("/readyz").status, 200);
  clock_.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(get("/readyz").status, 503);
  broken_.reset();
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(get("/readyz").status, 200) << "it heals by itself";
}

// A probe that leaves early, or thousands, says nothing about the server: the check is not theirs.
TEST(Readiness, WhoeverAsksDoesNotDecideWhatOthersAreTold) {
  testing::FakeClock clock;
  Readiness readiness(clock);
  std::optional<SteadyTime> deadline;
  readiness.started([&](Context& context) -> Result<void> {
    deadline = context.deadline();
    return context.alive();
  });
  const metrics::Registry metrics;
  Operations operations(readiness, metrics, "/metrics");
  const auto request = make_request("GET", "/readyz");
  Context gone;
  gone.cancel();
  EXPECT_EQ(std::get<http::Response>(operations.handle(gone, request)).status, 200);
  Context late("late", SteadyTime());
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(std::get<http::Response>(operations.handle(late, request)).status, 200);
  EXPECT_TRUE(deadline) << "shared work has a deadline of its own";
}

// A disk that hangs holds the check, and nobody else for longer than the patience.
TEST(Readiness, ACheckThatHangsIsAnAnswer) {
  testing::FakeClock clock;
  Readiness readiness(clock, std::chrono::seconds(1));
  std::atomic<bool> hangs = false;
  std::atomic<int> running = 0;
  readiness.started([&](Context&) -> Result<void> {
    ++running;
    while (hangs) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --running;
    return {};
  });
  EXPECT_EQ(readiness.ask(), "");
  hangs = true;
  clock.advance(std::chrono::seconds(2));
  std::vector<std::thread> asking;
  std::atomic<int> told = 0;
  for (int i = 0; i < 20; ++i) asking.emplace_back([&] { told += readiness.ask() == "" ? 0 : 1; });
  for (std::thread& thread : asking) thread.join();
  EXPECT_GE(told, 1);
  EXPECT_EQ(readiness.ask(), "Timeout");
  EXPECT_EQ(running, 1) << "one check at a time, however many ask";
  hangs = false;
  while (running > 0) std::this_thread::yield();
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(readiness.ask(), "") << "it heals by itself";
}

// On an address that everybody reaches: a probe gets its answer, a stranger learns nothing.
TEST_F(OperationsTest, AtADoorStrangersLearnTheStatusAlone) {
  start();
  broken_ = ErrorCode::StorageFull;
  const auth::OpenMode door{auth::OpenMode::Options{}};
  Operations guarded(readiness_, metrics_, "/metrics", &door);
  const auto ask_as = [&](const http::server::testing::Headers& headers, std::string_view target) {
    const auto request = make_request("GET", target, headers);
    if (auto response = guarded.answer_from_memory(request)) return *std::move(response);
    return std::get<http::Response>(guarded.handle(context_, request));
  };
  for (const http::server::testing::Headers& stranger :
       {http::server::testing::Headers{{"Origin", "http://evil.example"}},
        {{"Via", "1.1 proxy"}}}) {
    EXPECT_EQ(ask_as(stranger, "/metrics").status, 403);
    EXPECT_EQ(ask_as(stranger, "/healthz").status, 200);
    for (int again = 0; again < 2; ++again) {
      auto response = ask_as(stranger, "/readyz");
      EXPECT_EQ(response.status, 503);
      EXPECT_EQ(body_of(response), "not ready\n");
    }
  }
  auto response = ask_as({}, "/readyz");
  EXPECT_EQ(body_of(response), "not ready: StorageFull\n");
  EXPECT_EQ(ask_as({}, "/metrics").status, 200);
}

// What looked at distribution's registry looks there.
TEST_F(OperationsTest, DebugHealthIsReadinessAsDistributionSaysIt) {
  auto starting = get("/debug/health");
  EXPECT_EQ(starting.status, 503);
  EXPECT_EQ(body_of(starting), R"({"readiness":"starting"})");
  start();
  auto good = get("/debug/health");
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(body_of(good), "{}");
  EXPECT_EQ(body_of(good = get("/debug/health")), "{}") << "remembered";
  broken_ = ErrorCode::StorageFull;
  clock_.advance(std::chrono::seconds(2));
  auto full = get("/debug/health");
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(body_of(full), R"({"readiness":"StorageFull"})");
  const auth::OpenMode door{auth::OpenMode::Options{}};
  Operations guarded(readiness_, metrics_, "/metrics", &door);
  EXPECT_EQ(guarded.answer_from_memory(make_request("GET", "/debug/health"))->status, 404)
      << "on the main address it is nobody's";
}

TEST_F(OperationsTest, MetricsAreInPrometheusForm) {
  metrics_.counter("entrepot_test_total", "A test.").add(3);
  auto response = get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.front().second, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(body_of(response).find("entrepot_test_total 3\n"), std::string::npos);
}

TEST_F(OperationsTest, NothingElseIsHere) {
  EXPECT_EQ(get("/").status, 404);
  EXPECT_EQ(get("/healthz/").status, 404);
  EXPECT_EQ(ask("POST", "/healthz").status, 405);
  EXPECT_EQ(ask("HEAD", "/healthz").status, 200);
  EXPECT_EQ(operations_.refuse({431, "too many headers"}).status, 431);
}

TEST_F(OperationsTest, RoutesHaveLabelsOfTheClosedList) {
  for (const char* path : {"/healthz", "/readyz", "/metrics"}) {
    const std::string_view label = get(path).route;
    const auto labels = operation_labels();
    EXPECT_TRUE(std::find(labels.begin(), labels.end(), label) != labels.end()) << path;
  }
}

}  // namespace
}  // namespace entrepot::server
