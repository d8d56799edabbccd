// Promises about seconds, which take seconds to test.

#include <thread>

#include <gtest/gtest.h>

#include "http/server/testing/server_fixture.h"

namespace entrepot::http::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::Answer;
using testing::Client;
using testing::eventually;
using testing::request_text;

using ServerTimeTest = testing::ServerFixture;

// A push may be silent for longer than an idle connection, and slow, as long as the average over
// some time is right.
TEST_F(ServerTimeTest, APushMayPauseAndDripForAWhile) {
  options.limits.idle = seconds(1);
  options.limits.push = milliseconds(60'000);
  take_body("/upload");
  start();
  Client client(port);
  ASSERT_TRUE(client.send("PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"));
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(milliseconds(500));
    ASSERT_TRUE(client.send("x"));
  }
  EXPECT_EQ(client.receive().status, 201);
}

// What came is the sink's to keep.
TEST_F(ServerTimeTest, APushThatOnlyDripsIsEnded) {
  options.limits.push = milliseconds(1500);
  take_body("/upload");
  start();
  Client client(port);
  ASSERT_TRUE(client.send("PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n"));
  const auto begin = steady_clock::now();
  while (!client.is_readable() && steady_clock::now() - begin < seconds(8)) {
    client.send("x");
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_GT(steady_clock::now() - begin, milliseconds(1400));
  ASSERT_TRUE(eventually([&] { return record->seen().finished || record->destroyed == 1; }));
  ASSERT_TRUE(record->seen().failure);
  EXPECT_EQ(record->seen().failure->code, ErrorCode::Timeout);
  EXPECT_GT(record->seen().body.size(), 5U);
}

// Many pushes that never pause long enough to look silent.
TEST_F(ServerTimeTest, PushesThatDripLeaveTheBuffersToOthers) {
  options.limits.receive_buffers = 8;  // MiB: small ones for all of them, large ones for a few
  options.limits.push = milliseconds(60'000);
  handler.on_worker["/drip"] = [](Context&, const Request&) -> Reply {
    return Receive{std::make_unique<testing::RecordingSink>(
        std::make_shared<testing::RecordingSink::Record>())};
  };
  take_body("/upload");
  start();
  std::vector<std::unique_ptr<Client>> dripping;
  for (int i = 0; i < 200; ++i) {
    dripping.push_back(std::make_unique<Client>(port));
    ASSERT_TRUE(dripping.back()->send(
        "PUT /drip HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n" +
        std::string(20'000, 'x')));
  }
  std::atomic<bool> ending = false;
  std::thread drip([&] {
    while (!ending) {
      for (const auto& client : dripping) client->send("x");
      std::this_thread::sleep_for(milliseconds(100));
    }
  });
  std::this_thread::sleep_for(seconds(1));
  const std::string body = testing::pattern(2 << 20);
  Client honest(port);
  ASSERT_TRUE(honest.send(request_text("PUT", "/upload", "", body)));
  EXPECT_EQ(honest.receive().status, 201);
  EXPECT_TRUE(record->seen().body == body) << record->seen().body.size();
  ending = true;
  drip.join();
}

TEST_F(ServerTimeTest, TheLimitSleepsWhileTheServerWorks) {
  options.limits.idle = seconds(1);
  handler.on_worker["/slow"] = [](Context&, const Request&) -> Reply {
    std::this_thread::sleep_for(milliseconds(2500));
    return Response::text(200, "text/plain", "at last");
  };
  start();
  EXPECT_EQ(Client(port).get("/slow").body, "at last");
}

// What ends in a commit may wait for a disk, so it has threads of its own: while they all wait, and
// more requests than there are workers want one, the workers answer others at once.
TEST_F(ServerTimeTest, WorkersDoNotWaitForWhatEndsInACommit) {
  std::atomic<bool> disk_is_slow = true;
  const auto sync = [&disk_is_slow] {
    while (disk_is_slow) std::this_thread::sleep_for(milliseconds(5));
    return Response::text(201, "text/plain", "durable");
  };
  class SyncedBody final : public BodySink {
   public:
    explicit SyncedBody(std::function<Response()> sync) : sync_(std::move(sync)) {}
    Result<void> write(Context&, ByteView) override { return {}; }
    Response finish(Context&) override { return sync_(); }
    Response failed(Context&, const Error&) override { return sync_(); }

   private:
    const std::function<Response()> sync_;
  };
  handler.on_finisher["/push"] = [&](Context&, const Request&) -> Reply {
    return Receive{std::make_unique<SyncedBody>(sync)};
  };
  handler.on_finisher["/mount"] = [&](Context&, const Request&) -> Reply { return sync(); };
  handler.on_worker["/late"] = [&](Context&, const Request&) -> Reply {
    return Finish{[&](Context&) { return sync(); }};
  };
  handler.on_worker["/quick"] = [](Context&, const Request&) -> Reply {
    return Response::text(200, "text/plain", "quick");
  };
  start();
  std::vector<std::unique_ptr<Client>> waiting;
  for (int i = 0; i < 6; ++i) {
    for (const std::string& text : {request_text("PUT", "/push", "", "small"),
                                    request_text("POST", "/mount"), request_text("GET", "/late")}) {
      waiting.push_back(std::make_unique<Client>(port));
      ASSERT_TRUE(waiting.back()->send(text));
    }
  }
  std::this_thread::sleep_for(milliseconds(100));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Client(port).get("/quick").body, "quick");
  disk_is_slow = false;
  for (const auto& client : waiting) EXPECT_EQ(client->receive().status, 201);
}

// When the queue is full requests wait; after five seconds they are told to come again.
TEST(ServerWorkers, WhenAllAreBusyRequestsWaitAndThenGet503) {
  testing::ScriptedHandler handler;
  std::atomic<bool> go_on = false;
  handler.on_worker["/wait"] = [&](Context&, const Request&) -> Reply {
    while (!go_on) std::this_thread::sleep_for(milliseconds(5));
    return Response::text(200, "text/plain", "done");
  };
  handler.on_worker["/quick"] = [](Context&, const Request&) -> Reply {
    return Response::text(200, "text/plain", "quick");
  };
  Executor workers({"worker", 1, 1});
  Executor finishers({"finisher", 1, 1});
  ServerOptions options;
  options.workers = &workers;
  options.finishers = &finishers;
  auto server = Server::open(options, handler);
  ASSERT_OK(server);
  const std::uint16_t port = (*server)->listen("127.0.0.1", 0, nullptr).value();

  Client running(port);
  Client queued(port);
  Client refused(port);
  ASSERT_TRUE(running.send(request_text("GET", "/wait")));
  ASSERT_TRUE(eventually([&] { return workers.queued() == 0; }));
  std::this_thread::sleep_for(milliseconds(50));
  ASSERT_TRUE(queued.send(request_text("GET", "/quick")));
  ASSERT_TRUE(eventually([&] { return workers.queued() == 1; }));
  const auto begin = steady_clock::now();
  const Answer answer = refused.get("/quick");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.header("retry-after"), "1");
  EXPECT_GT(steady_clock::now() - begin, milliseconds(4500));

  Client late(port);
  ASSERT_TRUE(late.send(request_text("GET", "/quick")));
  std::this_thread::sleep_for(milliseconds(50));
  go_on = true;
  EXPECT_EQ(running.receive().body, "done");
  EXPECT_EQ(queued.receive().body, "quick");
  EXPECT_EQ(late.receive().body, "quick");
}

}  // namespace
}  // namespace entrepot::http::server
