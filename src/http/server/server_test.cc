#include "http/server/server.h"

#include <pthread.h>

#include <array>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/mutex.h"
#include "http/server/testing/server_fixture.h"

namespace entrepot::http::server {
namespace {

using testing::Answer;
using testing::Client;
using testing::eventually;
using testing::request_text;
using namespace std::chrono_literals;

class ServerTest : public testing::ServerFixture {
 protected:
  void SetUp() override {
    answer_in_memory("/hello", "hello\n");
    handler.on_worker["/worker"] = [](Context&, const Request&) -> Reply {
      return Response::text(200, "text/plain", "from a worker\n");
    };
  }
};

TEST_F(ServerTest, AnswersFromMemoryAndKeepsTheConnection) {
  start();
  Client client(port);
  for (int i = 0; i < 3; ++i) {
    const Answer answer = client.get("/hello");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello\n");
    EXPECT_EQ(answer.header("server"), "entrepot");
    EXPECT_EQ(answer.header("date").size(), 29U);
    EXPECT_EQ(answer.header("connection"), "");
  }
}

TEST_F(ServerTest, AnswersFromAWorkerAndKeepsTheConnection) {
  start();
  Client client(port);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.get("/worker").body, "from a worker\n");
  EXPECT_EQ(client.get("/nowhere").status, 404);
  EXPECT_EQ(client.get("/hello").status, 200);
}

// Heads and answers of pipelined requests keep their order, whoever answers them.
TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  take_body("/unused");
  Client client(port);
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += request_text("GET", i % 3 == 0 ? "/worker" : "/hello");
    all += request_text("GET", "/nowhere", "", "a body that nobody wants");
  }
  ASSERT_TRUE(client.send(all));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.receive().body, i % 3 == 0 ? "from a worker\n" : "hello\n");
    EXPECT_EQ(client.receive().status, 404);
  }
}

// One client with very many requests at once gets all its answers, but others need not wait for
// that.
TEST_F(ServerTest, AFloodOfPipelinedRequestsLeavesRoomForOthers) {
  start();
  Client flooding(port);
  constexpr int kRequests = 20'000;
  std::thread sending([&] {
    std::string all;
    for (int i = 0; i < kRequests; ++i) all += request_text("GET", i % 100 ? "/hello" : "/worker");
    EXPECT_TRUE(flooding.send(all));
  });
  EXPECT_EQ(Client(port).get("/hello").status, 200);
  for (int i = 0; i < kRequests; ++i) {
    ASSERT_EQ(flooding.receive().body, i % 100 ? "hello\n" : "from a worker\n") << i;
  }
  sending.join();
}

TEST_F(ServerTest, ReadsARequestThatDrips) {
  start();
  Client client(port);
  for (const char byte : request_text("GET", "/hello", "X-A: b\r\n")) {
    ASSERT_TRUE(client.send({&byte, 1}));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(client.receive().body, "hello\n");
  EXPECT_EQ(client.get("/hello").body, "hello\n");
}

TEST_F(ServerTest, HeadHasTheLengthButNoBody) {
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("HEAD", "/hello")));
  const Answer answer = client.receive(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-length"), "6");
  EXPECT_EQ(client.get("/hello").body, "hello\n");
}

TEST_F(ServerTest, NoContentAndNotModifiedHaveNoBody) {
  for (const int status : {204, 304}) {
    handler.in_memory["/" + std::to_string(status)] = [status](const Request&) {
      return Response::text(status, "text/plain", "never sent");
    };
  }
  start();
  Client client(port);
  EXPECT_EQ(client.get("/204").header("content-length"), "");
  EXPECT_EQ(client.get("/304").status, 304);
  EXPECT_EQ(client.get("/hello").body, "hello\n");
}

TEST_F(ServerTest, OldClientsGetTheConnectionClosedUnlessTheyAsk) {
  start();
  Client one(port);
  EXPECT_EQ(one.exchange("GET /hello HTTP/1.0\r\n\r\n").header("connection"), "close");
  EXPECT_TRUE(one.ended());
  Client two(port);
  const std::string keep = "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  EXPECT_EQ(two.exchange(keep).header("connection"), "keep-alive");
  EXPECT_EQ(two.exchange(keep).body, "hello\n");
}

TEST_F(ServerTest, ClosesWhenEitherSideWantsIt) {
  handler.in_memory["/last"] = [](const Request&) {
    Response response = Response::text(200, "text/plain", "bye");
    response.close = true;
    return response;
  };
  start();
  Client one(port);
  EXPECT_EQ(one.get("/last").header("connection"), "close");
  EXPECT_TRUE(one.ended());
  Client two(port);
  EXPECT_EQ(two.get("/hello", "Connection: close\r\n").header("connection"), "close");
  EXPECT_TRUE(two.ended());
}

TEST_F(ServerTest, RequestIdsAreUniqueAndAClientsOwnIsKept) {
  start();
  std::set<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    Client client(port);
    ids.insert(client.get("/hello").header("x-request-id"));
    ids.insert(client.get("/worker").header("x-request-id"));
  }
  EXPECT_EQ(ids.size(), 40U);
  EXPECT_FALSE(ids.contains(""));

  Client client(port);
  const auto sent = [&](const std::string& id) {
    return client.get("/hello", "X-Request-Id: " + id + "\r\n").header("x-request-id");
  };
  EXPECT_EQ(sent("My.id_1-2"), "My.id_1-2");
  EXPECT_EQ(sent(std::string(64, 'a')), std::string(64, 'a'));
  EXPECT_NE(sent(std::string(65, 'a')), std::string(65, 'a'));
  EXPECT_NE(sent("a b"), "a b");
  EXPECT_NE(sent("a%0d"), "a%0d");
}

// The views of a request that went to a worker stay valid, whatever comes in behind it.
TEST_F(ServerTest, ARequestKeepsItsHeadUntilTheAnswer) {
  handler.on_worker["/slow"] = [](Context& context, const Request& request) -> Reply {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(context.request_id(), request.id());
    return Response::text(200, "text/plain", std::string(*request.header("X-Value")));
  };
  start();
  Client client(port);
  const std::string value(3000, 'v');
  ASSERT_TRUE(client.send(request_text("GET", "/slow", "X-Value: " + value + "\r\n")));
  ASSERT_TRUE(client.send(request_text("GET", "/hello", "X-Other: " + value + "\r\n")));
  EXPECT_EQ(client.receive().body, value);
  EXPECT_EQ(client.receive().body, "hello\n");
}

TEST_F(ServerTest, TellsThePeer) {
  handler.in_memory["/peer"] = [](const Request& request) {
    const Peer& peer = request.peer();
    return Response::text(200, "text/plain",
                          peer.address + (peer.loopback ? " loopback" : "") +
                              (peer.tls ? " tls" : "") + (peer.port > 0 ? " port" : ""));
  };
  start();
  EXPECT_EQ(Client(port).get("/peer").body, "127.0.0.1 loopback port");
}

TEST_F(ServerTest, SendsALargeBodyFromMemoryToASlowReader) {
  const std::string body = testing::pattern(20 << 20);
  answer_in_memory("/large", body);
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("GET", "/large") + request_text("GET", "/hello")));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(Client(port).get("/hello").status, 200);
  EXPECT_TRUE(client.receive().body == body);
  EXPECT_EQ(client.receive().body, "hello\n");
}

TEST_F(ServerTest, CancelsTheRequestOfAClientThatLeaves) {
  std::atomic<bool> entered = false;
  std::atomic<bool> cancelled = false;
  handler.on_worker["/wait"] = [&](Context& context, const Request&) -> Reply {
    entered = true;
    cancelled = eventually([&] { return context.cancelled(); });
    return Response::text(200, "text/plain", "too late");
  };
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("GET", "/wait")));
  ASSERT_TRUE(eventually([&] { return entered.load(); }));
  client.reset();
  EXPECT_TRUE(eventually([&] { return cancelled.load(); }));
  EXPECT_TRUE(eventually([&] {
    return metrics.to_text().find("entrepot_http_connections_open 0") != std::string::npos;
  }));
}

TEST_F(ServerTest, AClientThatOnlyClosedItsSideStillGetsItsAnswer) {
  start();
  for (const char* path : {"/hello", "/worker"}) {
    Client client(port);
    ASSERT_TRUE(client.send(request_text("GET", path)));
    client.shut_down_sending();
    EXPECT_EQ(client.receive().status, 200);
    EXPECT_TRUE(client.ended());
  }
}

// What it asked for is not cancelled either, also when the decision takes its time.
TEST_F(ServerTest, AClientThatClosesItsSideDuringTheDecisionGetsItsAnswer) {
  std::atomic<bool> entered = false;
  std::atomic<bool> half_closed = false;
  handler.on_worker["/heedful"] = [&](Context& context, const Request&) -> Reply {
    entered = true;
    EXPECT_TRUE(eventually([&] { return half_closed.load(); }));
    std::this_thread::sleep_for(50ms);  // for the loop to see it
    return Response::text(context.cancelled() ? 400 : 200, "text/plain", "");
  };
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("GET", "/heedful")));
  ASSERT_TRUE(eventually([&] { return entered.load(); }));
  client.shut_down_sending();
  half_closed = true;
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_TRUE(client.ended());
}

// Every exchange is told once, with what was moved.
TEST_F(ServerTest, ReportsExchanges) {
  struct Seen {
    std::string path, route;
    int status;
    std::uint64_t received_bytes, sent_bytes;
    bool complete;
  };
  Mutex mutex;
  std::vector<Seen> seen;
  options.observe = [&](const Exchange& exchange) {
    const MutexLock lock(mutex);
    EXPECT_NE(exchange.peer, nullptr);
    seen.push_back({exchange.request ? std::string(exchange.request->path()) : "",
                    std::string(exchange.route), exchange.status, exchange.received_bytes,
                    exchange.sent_bytes, exchange.complete});
  };
  handler.in_memory["/routed"] = [](const Request&) {
    Response response = Response::text(200, "text/plain", "12345");
    response.route = "the-route";
    return response;
  };
  take_body("/upload");
  start();
  {
    Client client(port);
    client.get("/routed");
    client.exchange(request_text("PUT", "/upload", "", "abc"));
    client.exchange("nonsense\r\n\r\n");
  }
  ASSERT_TRUE(eventually([&] {
    const MutexLock lock(mutex);
    return seen.size() == 3;
  }));
  const MutexLock lock(mutex);
  EXPECT_EQ(seen[0].path, "/routed");
  EXPECT_EQ(seen[0].route, "the-route");
  EXPECT_EQ(seen[0].sent_bytes, 5U);
  EXPECT_EQ(seen[1].status, 201);
  EXPECT_EQ(seen[1].received_bytes, 3U);
  EXPECT_EQ(seen[2].status, 400);
  EXPECT_EQ(seen[2].path, "");
  EXPECT_TRUE(seen[0].complete && seen[1].complete && seen[2].complete);
}

TEST_F(ServerTest, CountsForMetrics) {
  start();
  Client client(port);
  client.get("/hello");
  client.get("/worker");
  EXPECT_TRUE(eventually([&] {
    const std::string text = metrics.to_text();
    return text.find("entrepot_http_connections_accepted_total 1\n") != std::string::npos &&
           text.find("entrepot_http_connections_open 1\n") != std::string::npos &&
           text.find("entrepot_http_requests_in_flight 0\n") != std::string::npos &&
           text.find("entrepot_http_received_bytes_total 0\n") == std::string::npos &&
           text.find("entrepot_http_sent_bytes_total 0\n") == std::string::npos;
  }));
}

TEST_F(ServerTest, ListensOnBothFamilies) {
  start();
  const auto everywhere = server->listen("", 0, nullptr);
  ASSERT_OK(everywhere);
  EXPECT_EQ(Client(*everywhere).get("/hello").status, 200);
}

TEST_F(ServerTest, SaysWhyItCannotListen) {
  start();
  EXPECT_FAILS(Unavailable, server->listen("127.0.0.1", port, nullptr));
  EXPECT_FAILS(InvalidArgument, server->listen("localhost", 0, nullptr));
  EXPECT_FAILS(InvalidArgument, server->listen("127.0.0.1.", 0, nullptr));
}

// The note that the first step left is there in each later one, and for nobody else.
TEST_F(ServerTest, AMoveAsksAgainElsewhereAndTheNoteGoesAlong) {
  struct Seen final : Note {
    int steps = 0;
  };
  Executor elsewhere{{"elsewhere", 1, 1}};
  handler.in_memory["/moves"] = [](const Request& request) -> std::optional<Response> {
    EXPECT_EQ(request.note(), nullptr);
    request.keep(std::make_unique<Seen>());
    return std::nullopt;
  };
  handler.on_worker["/moves"] = [&](Context&, const Request& request) -> Reply {
    std::array<char, 16> thread{};
    pthread_getname_np(pthread_self(), thread.data(), thread.size());
    auto& seen = static_cast<Seen&>(*request.note());
    if (++seen.steps == 1) return Move{&elsewhere};
    return Response::text(200, "text/plain", fmt::format("{} {}", thread.data(), seen.steps));
  };
  start();
  Client client(port);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.get("/moves").body, "elsewhere 2");
  EXPECT_EQ(client.get("/hello").status, 200);
  server.reset();
}

TEST_F(ServerTest, EveryAnswerIsDressedOnce) {
  handler.on_dress = [](const Request* request, Response& response) {
    response.with("X-Dressed", request == nullptr ? "nobody" : std::string(request->path()));
  };
  handler.on_worker["/finish"] = [](Context&, const Request&) -> Reply {
    return Finish{[](Context&) { return Response::text(200, "text/plain", ""); }};
  };
  take_body("/upload", 10);
  start();
  Client client(port);
  for (const char* path : {"/hello", "/worker", "/finish", "/nothing"}) {
    EXPECT_EQ(client.get(path).header("x-dressed"), path);
  }
  EXPECT_EQ(client.exchange(request_text("PUT", "/upload", "", "1234567")).header("x-dressed"),
            "/upload");
  EXPECT_EQ(client.exchange(request_text("PUT", "/upload", "", "12345678901")).header("x-dressed"),
            "/upload");
  Client other(port);
  EXPECT_EQ(other.exchange("no request\r\n\r\n").header("x-dressed"), "nobody");
}

TEST_F(ServerTest, NeedsWorkersAndFinishers) {
  EXPECT_FAILS(InvalidArgument, Server::open(ServerOptions{}, handler));
}

TEST_F(ServerTest, MayBeDestroyedWhileBusy) {
  std::atomic<int> entered = 0;
  handler.on_worker["/wait"] = [&](Context& context, const Request&) -> Reply {
    ++entered;
    eventually([&] { return context.cancelled(); });
    return Response::text(200, "text/plain", "");
  };
  take_body("/upload");
  answer_in_memory("/large", std::string(20 << 20, 'x'));
  start();
  Client waiting(port);
  Client uploading(port);
  Client downloading(port);
  Client idle(port);
  waiting.send(request_text("GET", "/wait"));
  uploading.send("PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nabc");
  downloading.send(request_text("GET", "/large"));
  ASSERT_TRUE(eventually([&] { return entered == 1; }));
  server.reset();
  EXPECT_EQ(waiting.receive().status, 0);
  EXPECT_TRUE(idle.ended());
  EXPECT_FALSE(record->seen().finished);
}

}  // namespace
}  // namespace entrepot::http::server
