// What a server refuses, and what it does when there is too much of something.

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

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

class ServerLimitsTest : public testing::ServerFixture {
 protected:
  void SetUp() override {
    answer_in_memory("/hello", "hello\n");
    take_body("/upload");
  }
  std::atomic<int> cut = 0;
};

// --- Framing on the wire -------------------------------------------------------------------------

// One answer for one intended request, then the end: nothing behind it is ever read as a request.
TEST_F(ServerLimitsTest, WhatIsMalformedGetsOneAnswerAndTheEnd) {
  start();
  const std::string inner = request_text("GET", "/hello");
  const std::string body_of_inner = std::to_string(inner.size());
  const std::vector<std::string> heads = {
      "PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: " + body_of_inner +
          "\r\n\r\n",
      "PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: " + body_of_inner +
          "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "PUT /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      "PUT /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
      "PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost : h\r\n\r\n",
      "GET /hello HTTP/1.1\nHost: h\n\n",
      "GET /hello HTTP/1.1\r\n\r\n",
      "GET /hello HTTP/3.0\r\nHost: h\r\n\r\n",
      "\x16\x03\x01\x02",
  };
  for (const std::string& head : heads) {
    Client client(port);
    ASSERT_TRUE(client.send(head + inner));
    const Answer answer = client.receive();
    EXPECT_TRUE(answer.status == 400 || answer.status == 505) << head << answer.status;
    EXPECT_EQ(answer.header("connection"), "close");
    EXPECT_FALSE(answer.body.empty());
    EXPECT_EQ(client.read_to_end(), "") << head;
  }
  EXPECT_FALSE(record->seen().finished);
}

TEST_F(ServerLimitsTest, LongHeadsAreRefusedBeforeTheyEnd) {
  start();
  const auto status_of = [&](const std::string& text) {
    Client client(port);
    client.send(text);
    return client.receive().status;
  };
  EXPECT_EQ(status_of("GET /" + std::string(20'000, 'a')), 414);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nX: " + std::string(70'000, 'a')), 431);
  std::string lines;
  for (int i = 0; i < 101; ++i) lines += "A: b\r\n";
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n" + lines), 431);
  EXPECT_EQ(Client(port).get("/hello", "X: " + std::string(60'000, 'a') + "\r\n").status, 200);
}

// --- Time ----------------------------------------------------------------------------------------

TEST_F(ServerLimitsTest, SilentConnectionsAreClosed) {
  options.limits.idle = seconds(1);
  options.limits.push = milliseconds(1000);
  start();
  Client silent(port);
  Client used(port);
  Client in_head(port);
  Client in_body(port);
  EXPECT_EQ(used.get("/hello").status, 200);
  ASSERT_TRUE(in_head.send("GET /hel"));
  ASSERT_TRUE(in_body.send("PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc"));
  const auto begin = steady_clock::now();
  EXPECT_TRUE(silent.ended());
  EXPECT_TRUE(used.ended());
  EXPECT_EQ(in_head.receive().status, 408);
  EXPECT_EQ(in_body.receive().status, 400);  // the sink's answer to what broke off
  EXPECT_GT(steady_clock::now() - begin, milliseconds(700));
  EXPECT_LT(steady_clock::now() - begin, seconds(4));
  EXPECT_TRUE(eventually([&] { return record->destroyed == 1; }));
}

// A byte now and then does not keep half a head.
TEST_F(ServerLimitsTest, AHeadIsWholeInTime) {
  options.limits.head = milliseconds(600);
  start();
  Client dripping(port);
  Client second_head(port);
  Client unwanted_body(port);
  EXPECT_EQ(second_head.get("/hello").status, 200);
  ASSERT_TRUE(second_head.send("GET"));
  ASSERT_TRUE(
      unwanted_body.send("PUT /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n"));
  EXPECT_EQ(unwanted_body.receive().status, 404);
  const auto begin = steady_clock::now();
  const std::string head = request_text("GET", "/hello?" + std::string(200, 'x'));
  std::size_t sent = 0;
  while (sent < head.size() && dripping.send(head.substr(sent, 1))) {
    unwanted_body.send("x");
    std::this_thread::sleep_for(milliseconds(50));
    if (dripping.is_readable()) break;
    ++sent;
  }
  EXPECT_GT(sent, 1U);
  EXPECT_LT(steady_clock::now() - begin, seconds(9));
  EXPECT_EQ(dripping.receive().status, 408);
  EXPECT_EQ(second_head.receive().status, 408);
  EXPECT_TRUE(unwanted_body.ended());
}

TEST_F(ServerLimitsTest, WhoAsksAgainAndAgainIsNotHalf) {
  options.limits.head = milliseconds(1500);
  start();
  Client client(port);
  const auto end = steady_clock::now() + milliseconds(2200);
  while (steady_clock::now() < end) {
    const std::string head = request_text("GET", "/hello");
    ASSERT_TRUE(client.send(head.substr(0, 5)));
    std::this_thread::sleep_for(milliseconds(30));
    ASSERT_TRUE(client.send(head.substr(5)));
    ASSERT_EQ(client.receive().status, 200);
  }
}

TEST_F(ServerLimitsTest, AReaderThatStopsIsCut) {
  options.limits.idle = seconds(1);
  options.observe = [&](const Exchange& exchange) { cut += exchange.complete ? 0 : 1; };
  answer_in_memory("/large", std::string(30 << 20, 'x'));
  handler.on_worker["/file"] = [file = testing::make_file(std::string(30 << 20, 'x'))](
                                   Context&, const Request&) -> Reply {
    Response response;
    response.body = Source(FileRange{file, {0, 30 << 20}});
    return response;
  };
  start();
  Client memory(port);
  Client file(port);
  ASSERT_TRUE(memory.send(request_text("GET", "/large")));
  ASSERT_TRUE(file.send(request_text("GET", "/file")));
  EXPECT_TRUE(eventually([&] { return cut == 2; }));
}

// --- Number --------------------------------------------------------------------------------------

TEST_F(ServerLimitsTest, PastTheConnectionLimitTheOldestIdleOneMakesRoom) {
  options.limits.connections = 4;
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 12; ++i) {
    clients.push_back(std::make_unique<Client>(port));
    EXPECT_EQ(clients.back()->get("/hello").status, 200) << i;
  }
  EXPECT_TRUE(clients[0]->ended());
}

TEST_F(ServerLimitsTest, HalfHeadsMakeRoomBeforeIdleConnections) {
  options.limits.connections = 8;
  start();
  std::vector<std::unique_ptr<Client>> idle;
  std::vector<std::unique_ptr<Client>> halves;
  for (int i = 0; i < 4; ++i) {
    idle.push_back(std::make_unique<Client>(port));
    EXPECT_EQ(idle.back()->get("/hello").status, 200);
  }
  for (int i = 0; i < 4; ++i) {
    halves.push_back(std::make_unique<Client>(port));
    ASSERT_TRUE(halves.back()->send("GET /hello HTT"));
  }
  std::this_thread::sleep_for(milliseconds(100));
  Client wants_something(port);
  EXPECT_EQ(wants_something.get("/hello").status, 200);
  EXPECT_TRUE(halves[0]->ended());
  for (const auto& client : idle) EXPECT_EQ(client->get("/hello").status, 200);
}

// However fast others take what becomes free.
TEST_F(ServerLimitsTest, AFloodOfHalfHeadsKeepsNobodyOut) {
  options.limits.connections = 20;
  start();
  std::vector<std::unique_ptr<Client>> halves;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 40; ++i) {
      halves.push_back(std::make_unique<Client>(port));
      halves.back()->send("GET /hello HTT");
    }
    const auto begin = steady_clock::now();
    EXPECT_EQ(Client(port).get("/hello").status, 200);
    EXPECT_LT(steady_clock::now() - begin, seconds(9));
  }
}

TEST_F(ServerLimitsTest, PastTheConnectionLimitBusyOnesAreLeftAlone) {
  options.limits.connections = 2;
  std::atomic<bool> go_on = false;
  handler.on_worker["/wait"] = [&](Context&, const Request&) -> Reply {
    eventually([&] { return go_on.load(); });
    return Response::text(200, "text/plain", "done");
  };
  start();
  Client one(port);
  Client two(port);
  ASSERT_TRUE(one.send(request_text("GET", "/wait", "Connection: close\r\n")));
  ASSERT_TRUE(two.send(request_text("GET", "/wait", "Connection: close\r\n")));
  Client waiting(port);
  ASSERT_TRUE(waiting.send(request_text("GET", "/hello")));
  std::this_thread::sleep_for(milliseconds(100));
  go_on = true;
  EXPECT_EQ(one.receive().status, 200);
  EXPECT_EQ(two.receive().body, "done");
  one.close();
  two.close();
  EXPECT_EQ(waiting.receive().body, "hello\n");
}

// --- Drain ---------------------------------------------------------------------------------------

class ServerDrainTest : public ServerLimitsTest {
 protected:
  void SetUp() override {
    ServerLimitsTest::SetUp();
    handler.on_worker["/wait"] = [this](Context& context, const Request&) -> Reply {
      ++entered;
      eventually([&] { return go_on.load() || context.cancelled(); });
      return Response::text(200, "text/plain", "done");
    };
  }
  std::atomic<int> entered = 0;
  std::atomic<bool> go_on = false;
};

TEST_F(ServerDrainTest, IdleConnectionsCloseAtOnceAndRunningExchangesEnd) {
  start();
  Client idle(port);
  Client busy(port);
  EXPECT_EQ(idle.get("/hello").status, 200);
  ASSERT_TRUE(busy.send(request_text("GET", "/wait")));
  ASSERT_TRUE(eventually([&] { return entered == 1; }));
  std::size_t cut_short = 99;
  std::thread draining([&] { cut_short = server->drain(seconds(8)); });
  EXPECT_TRUE(idle.ended());
  EXPECT_FALSE(Client(port).connected() && Client(port).get("/hello").status == 200);
  go_on = true;
  const Answer answer = busy.receive();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(busy.ended());
  busy.close();
  draining.join();
  EXPECT_EQ(cut_short, 0U);
}

TEST_F(ServerDrainTest, PushesAndPullsEndToo) {
  const std::string contents = testing::pattern(30 << 20);
  answer_in_memory("/large", contents);
  start();
  Client pushing(port);
  Client pulling(port);
  ASSERT_TRUE(pushing.send("PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc"));
  ASSERT_TRUE(pulling.send(request_text("GET", "/large")));
  EXPECT_EQ(pulling.read(1000).size(), 1000U);
  std::size_t cut_short = 99;
  std::thread draining([&] { cut_short = server->drain(seconds(8)); });
  std::this_thread::sleep_for(milliseconds(50));
  ASSERT_TRUE(pushing.send("def"));
  EXPECT_EQ(pushing.receive().status, 201);
  EXPECT_GE(pulling.read_to_end().size(), contents.size() - 1000);
  pushing.close();
  pulling.close();
  draining.join();
  EXPECT_EQ(cut_short, 0U);
}

TEST_F(ServerDrainTest, WhatLastsTooLongIsCutAndCounted) {
  start();
  Client busy(port);
  Client pushing(port);
  ASSERT_TRUE(busy.send(request_text("GET", "/wait")));
  ASSERT_TRUE(pushing.send("PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc"));
  ASSERT_TRUE(eventually([&] { return entered == 1; }));
  std::this_thread::sleep_for(milliseconds(50));
  const auto begin = steady_clock::now();
  EXPECT_EQ(server->drain(milliseconds(200)), 2U);
  EXPECT_GE(steady_clock::now() - begin, milliseconds(200));
  EXPECT_LT(steady_clock::now() - begin, seconds(3));
  EXPECT_TRUE(busy.ended());
  EXPECT_TRUE(pushing.ended());
}

TEST_F(ServerDrainTest, MayBeCalledTwiceAndOnAnIdleServer) {
  start();
  EXPECT_EQ(server->drain(seconds(5)), 0U);
  EXPECT_EQ(server->drain(seconds(5)), 0U);
}

}  // namespace
}  // namespace entrepot::http::server
