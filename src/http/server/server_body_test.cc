// Requests with bodies, through real sockets.

#include <thread>

#include <gtest/gtest.h>

#include "http/server/testing/server_fixture.h"

namespace entrepot::http::server {
namespace {

using testing::Answer;
using testing::Client;
using testing::eventually;
using testing::pattern;
using testing::request_text;

std::string chunked(std::string_view body, std::size_t chunk_bytes) {
  std::string text;
  for (std::size_t at = 0; at < body.size(); at += chunk_bytes) {
    const std::string_view chunk = body.substr(at, chunk_bytes);
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
    text.append(size).append(chunk).append("\r\n");
  }
  return text + "0\r\n\r\n";
}

std::string chunked_request(std::string_view body, std::size_t chunk_bytes,
                            std::string_view more_headers = {}) {
  return request_text("PATCH", "/upload",
                      "Transfer-Encoding: chunked\r\n" + std::string(more_headers)) +
         chunked(body, chunk_bytes);
}

class ServerBodyTest : public testing::ServerFixture {
 protected:
  void SetUp() override {
    take_body("/upload");
    handler.on_worker["/refused"] = [](Context&, const Request&) -> Reply {
      return Response::text(403, "text/plain", "no\n");
    };
    answer_in_memory("/hello", "hello\n");
  }

  std::string body() { return record->seen().body; }
  bool destroyed() { return record->destroyed > 0; }
};

TEST_F(ServerBodyTest, TakesBodiesOfAllSizes) {
  start();
  Client client(port);
  for (const std::size_t size :
       {1UL, 5'000UL, 65'536UL, 262'144UL, 262'145UL, 1'048'576UL, 1'048'577UL, 9'999'999UL}) {
    record->clear_body();
    const std::string sent = pattern(size);
    EXPECT_EQ(client.exchange(request_text("PUT", "/upload", "", sent)).status, 201) << size;
    EXPECT_TRUE(body() == sent) << size;
    EXPECT_LE(record->seen().largest_piece_bytes, 1U << 20);
  }
  EXPECT_EQ(client.get("/hello").status, 200);
}

TEST_F(ServerBodyTest, TakesAnEmptyBody) {
  start();
  Client client(port);
  EXPECT_EQ(client.exchange(request_text("POST", "/upload")).status, 201);
  EXPECT_EQ(client.exchange(request_text("POST", "/upload", "Content-Length: 0\r\n")).status, 201);
  EXPECT_EQ(client.exchange(chunked_request("", 1)).status, 201);
  EXPECT_EQ(body(), "");
}

TEST_F(ServerBodyTest, TakesChunkedBodies) {
  start();
  Client client(port);
  const std::string sent = pattern(3'000'001);
  for (const std::size_t chunk_bytes : {1'000UL, 32'768UL, 3'000'001UL}) {
    record->clear_body();
    EXPECT_EQ(client.exchange(chunked_request(sent, chunk_bytes)).status, 201);
    EXPECT_TRUE(body() == sent) << chunk_bytes;
  }
}

TEST_F(ServerBodyTest, TakesWhatDrips) {
  start();
  Client client(port);
  for (const char byte : chunked_request("dripping", 3)) {
    ASSERT_TRUE(client.send({&byte, 1}));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(client.receive().status, 201);
  EXPECT_EQ(body(), "dripping");
}

TEST_F(ServerBodyTest, TheNextRequestMayBePipelinedBehindABody) {
  start();
  Client client(port);
  for (const std::string& request :
       {request_text("PUT", "/upload", "", "abc"), chunked_request("abc", 2),
        request_text("PUT", "/upload", "", pattern(300'000)), chunked_request(pattern(9'000), 7)}) {
    ASSERT_TRUE(
        client.send(request + request_text("GET", "/hello") + request_text("GET", "/hello")));
    EXPECT_EQ(client.receive().status, 201);
    EXPECT_EQ(client.receive().body, "hello\n");
    EXPECT_EQ(client.receive().body, "hello\n");
  }
}

TEST_F(ServerBodyTest, ManyPushesShareTheBuffers) {
  options.limits.receive_buffers = 2;  // of 1 MiB: far fewer than pushes
  std::atomic<std::uint64_t> taken = 0;
  class CountingSink final : public BodySink {
   public:
    explicit CountingSink(std::atomic<std::uint64_t>& taken) : taken_(taken) {}
    Result<void> write(Context&, ByteView piece) override {
      taken_ += piece.size();
      return {};
    }
    Response finish(Context&) override { return Response::text(201, "text/plain", ""); }
    Response failed(Context&, const Error&) override {
      return Response::text(500, "text/plain", "");
    }

   private:
    std::atomic<std::uint64_t>& taken_;
  };
  handler.on_worker["/count"] = [&](Context&, const Request&) -> Reply {
    return Receive{std::make_unique<CountingSink>(taken)};
  };
  start();
  constexpr std::size_t kPushes = 16;
  const std::string sent(2'000'000, 'x');
  std::vector<std::thread> pushers;
  std::atomic<int> created = 0;
  for (std::size_t i = 0; i < kPushes; ++i) {
    pushers.emplace_back([&, i] {
      Client client(port);
      const std::string request =
          i % 2 == 0 ? request_text("PUT", "/count", "", sent)
                     : request_text("PUT", "/count", "Transfer-Encoding: chunked\r\n") +
                           chunked(sent, 100'000);
      if (client.exchange(request).status == 201) ++created;
    });
  }
  for (std::thread& pusher : pushers) pusher.join();
  EXPECT_EQ(created, static_cast<int>(kPushes));
  EXPECT_EQ(taken, kPushes * sent.size());
}

// --- 100-continue --------------------------------------------------------------------------------

constexpr std::string_view kExpect = "Expect: 100-continue\r\n";

TEST_F(ServerBodyTest, ContinueIsSaidOnlyAfterTheDecision) {
  start();
  Client client(port);
  ASSERT_TRUE(
      client.send(request_text("PUT", "/upload", std::string(kExpect) + "Content-Length: 3\r\n")));
  EXPECT_EQ(client.read(25), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(client.send("abc"));
  EXPECT_EQ(client.receive().status, 201);
  EXPECT_EQ(client.get("/hello").status, 200);
}

TEST_F(ServerBodyTest, ContinueIsNotSaidWhenTheBodyIsOnItsWay) {
  start();
  Client client(port);
  EXPECT_EQ(client.exchange(request_text("PUT", "/upload", kExpect, "abc")).status, 201);
}

// Whether the client still sends the body is open, so nothing that follows can be a request.
TEST_F(ServerBodyTest, ARefusalInsteadOfContinueEndsTheConnection) {
  start();
  Client client(port);
  ASSERT_TRUE(client.send(
      request_text("PUT", "/refused", std::string(kExpect) + "Content-Length: 33\r\n")));
  const Answer answer = client.receive();
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.header("connection"), "close");
  client.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(ServerBodyTest, OtherExpectationsFail) {
  start();
  Client client(port);
  EXPECT_EQ(client.exchange(request_text("PUT", "/upload", "Expect: tea\r\n", "abc")).status, 417);
  EXPECT_TRUE(client.ended());
}

// --- Bodies that nobody wants --------------------------------------------------------------------

TEST_F(ServerBodyTest, AShortUnreadBodyIsDroppedAndNeverARequest) {
  start();
  const std::string inner = request_text("GET", "/hello");
  for (const char* path : {"/refused", "/hello"}) {
    Client client(port);
    ASSERT_TRUE(client.send(request_text("GET", path, "", inner) + request_text("GET", "/nope")));
    EXPECT_EQ(client.receive().status, path == std::string("/hello") ? 200 : 403);
    EXPECT_EQ(client.receive().status, 404);
  }
}

TEST_F(ServerBodyTest, AShortUnreadBodyMayComeLater) {
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("PUT", "/refused", "Content-Length: 50000\r\n")));
  EXPECT_EQ(client.receive().header("connection"), "");
  ASSERT_TRUE(client.send(std::string(50'000, 'x') + request_text("GET", "/hello")));
  EXPECT_EQ(client.receive().body, "hello\n");
}

TEST_F(ServerBodyTest, ALongUnreadBodyEndsTheConnectionButTheAnswerArrives) {
  start();
  for (const std::string& request :
       {request_text("PUT", "/refused", "", std::string(5'000'000, 'x')),
        request_text("PUT", "/refused", "Transfer-Encoding: chunked\r\n") +
            chunked(std::string(5'000'000, 'x'), 10'000)}) {
    Client client(port);
    client.send(request);
    const Answer answer = client.receive();
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.header("connection"), "close");
    EXPECT_TRUE(client.ended());
  }
}

// --- Limits and failures -------------------------------------------------------------------------

TEST_F(ServerBodyTest, ABodyPastItsLimitFailsBeforeItsFirstByte) {
  take_body("/limited", 1000);
  start();
  Client client(port);
  EXPECT_EQ(client.exchange(request_text("PUT", "/limited", "", pattern(1000))).status, 201);
  record->clear_body();
  EXPECT_EQ(client.exchange(request_text("PUT", "/limited", "", pattern(1001))).status, 413);
  EXPECT_EQ(body(), "");
  ASSERT_TRUE(record->seen().failure);
  EXPECT_EQ(record->seen().failure->code, ErrorCode::TooLarge);
  EXPECT_EQ(client.get("/hello").status, 200) << "the rest was short enough to drop";
}

TEST_F(ServerBodyTest, AnEndlessChunkedBodyIsCutAtItsLimit) {
  take_body("/limited", 1'000'000);
  start();
  Client client(port);
  client.send(request_text("PUT", "/limited", "Transfer-Encoding: chunked\r\n"));
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  int chunks = 0;
  while (chunks < 1000 && client.send(chunk)) ++chunks;
  EXPECT_LT(chunks, 1000);
  EXPECT_TRUE(eventually([&] { return destroyed(); }));
  ASSERT_TRUE(record->seen().failure);
  EXPECT_EQ(record->seen().failure->code, ErrorCode::TooLarge);
  EXPECT_LE(body().size(), 1'000'000U + (1 << 20));
}

TEST_F(ServerBodyTest, ABrokenChunkFailsTheBodyAndEndsTheConnection) {
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("PUT", "/upload", "Transfer-Encoding: chunked\r\n") +
                          "3\r\nabcX\r\n" + request_text("GET", "/hello")));
  const Answer answer = client.receive();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(record->seen().failure->code, ErrorCode::InvalidArgument);
}

// What came of a broken push reaches the sink, so that it can be resumed from there.
TEST_F(ServerBodyTest, ABodyThatBreaksOffIsKeptAsFarAsItCame) {
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("PUT", "/upload", "Content-Length: 1000000\r\n") + "abc"));
  client.shut_down_sending();
  EXPECT_EQ(client.receive().status, 400);
  EXPECT_EQ(body(), "abc");
  EXPECT_EQ(record->seen().failure->code, ErrorCode::Cancelled);
  EXPECT_FALSE(record->seen().finished);
}

TEST_F(ServerBodyTest, AClientThatVanishesLeavesASinkWithWhatCame) {
  start();
  const std::string sent = pattern(700'000);
  {
    Client client(port);
    ASSERT_TRUE(client.send(request_text("PUT", "/upload", "Content-Length: 9000000\r\n") + sent));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    client.reset();
  }
  EXPECT_TRUE(eventually([&] { return destroyed(); }));
  EXPECT_TRUE(body() == sent);
  EXPECT_FALSE(record->seen().finished);
}

TEST_F(ServerBodyTest, AStalledPushHandsOverWhatItHas) {
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("PUT", "/upload", "Content-Length: 9000000\r\n") + "abc"));
  EXPECT_TRUE(eventually([&] { return body() == "abc"; }));
  EXPECT_TRUE(eventually([&] {
    return metrics.to_text().find("entrepot_http_receive_buffers_bytes 0\n") != std::string::npos;
  }));
}

TEST_F(ServerBodyTest, AFailedWriteEndsTheBodyWithItsError) {
  class FullSink final : public BodySink {
   public:
    Result<void> write(Context&, ByteView) override {
      return fail(ErrorCode::StorageFull, "no space");
    }
    Response finish(Context&) override { return Response::text(201, "text/plain", ""); }
    Response failed(Context&, const Error& error) override {
      return Response::text(507, "text/plain", error.message);
    }
  };
  handler.on_worker["/full"] = [](Context&, const Request&) -> Reply {
    return Receive{std::make_unique<FullSink>()};
  };
  start();
  for (const std::size_t size : {3UL, 200'000UL, 5'000'000UL}) {
    Client client(port);
    client.send(request_text("PUT", "/full", "", pattern(size)));
    EXPECT_EQ(client.receive().status, 507) << size;
  }
}

TEST_F(ServerBodyTest, TheSinkIsUsedByOneThreadAtATime) {
  class StrictSink final : public BodySink {
   public:
    Result<void> write(Context&, ByteView piece) override {
      EXPECT_FALSE(busy_.exchange(true));
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      bytes_ += piece.size();
      busy_ = false;
      return {};
    }
    Response finish(Context&) override {
      EXPECT_FALSE(busy_.exchange(true));
      return Response::text(200, "text/plain", std::to_string(bytes_));
    }
    Response failed(Context&, const Error&) override { return {}; }

   private:
    std::atomic<bool> busy_ = false;
    std::size_t bytes_ = 0;
  };
  handler.on_worker["/strict"] = [](Context&, const Request&) -> Reply {
    return Receive{std::make_unique<StrictSink>()};
  };
  start();
  Client client(port);
  EXPECT_EQ(client.exchange(request_text("PUT", "/strict", "", pattern(8'000'000))).body,
            "8000000");
}

// What must hold up no finisher is done elsewhere, also when the body came along with its head.
TEST_F(ServerBodyTest, AnErrandIsDoneElsewhereBeforeTheEnd) {
  Executor elsewhere{{"elsewhere", 1, 8}};
  class ErrandSink final : public BodySink {
   public:
    explicit ErrandSink(Executor& to) : to_(to) {}
    Result<void> write(Context&, ByteView piece) override {
      bytes_ += piece.size();
      return {};
    }
    std::optional<Errand> errand() override {
      finisher_ = std::this_thread::get_id();
      return Errand{&to_, [this](Context&) { errand_ = std::this_thread::get_id(); }};
    }
    Response finish(Context&) override {
      const bool right = errand_ != std::thread::id() && errand_ != finisher_ &&
                         errand_ != std::this_thread::get_id();
      return Response::text(right ? 200 : 500, "text/plain", std::to_string(bytes_));
    }
    Response failed(Context&, const Error&) override { return {}; }

   private:
    Executor& to_;
    std::thread::id finisher_, errand_;
    std::size_t bytes_ = 0;
  };
  const auto take = [&](Context&, const Request&) -> Reply {
    return Receive{.sink = std::make_unique<ErrandSink>(elsewhere), .work_factor = 2};
  };
  handler.on_worker["/errand"] = take;
  handler.on_finisher["/at-once"] = take;
  start();
  Client client(port);
  for (const char* path : {"/errand", "/at-once"}) {
    for (const std::size_t size : {0UL, 3UL, 60'000UL, 3'000'000UL}) {
      const Answer answer = client.exchange(request_text("POST", path, "", pattern(size)));
      EXPECT_EQ(answer.status, 200) << path;
      EXPECT_EQ(answer.body, std::to_string(size)) << path;
    }
  }
  server.reset();
}

TEST_F(ServerBodyTest, WhoLeavesDuringAnErrandLeavesNothingBehind) {
  Executor elsewhere{{"elsewhere", 1, 8}};
  class ErrandSink final : public BodySink {
   public:
    ErrandSink(Executor& to, std::atomic<int>& ended) : to_(to), ended_(ended) {}
    ~ErrandSink() override { ++ended_; }
    Result<void> write(Context&, ByteView) override { return {}; }
    std::optional<Errand> errand() override {
      return Errand{&to_, [](Context& context) {
                      EXPECT_TRUE(eventually([&] { return context.cancelled(); }));
                    }};
    }
    Response finish(Context&) override { return Response::text(200, "text/plain", ""); }
    Response failed(Context&, const Error&) override { return {}; }

   private:
    Executor& to_;
    std::atomic<int>& ended_;
  };
  std::atomic<int> ended = 0;
  handler.on_worker["/errand"] = [&](Context&, const Request&) -> Reply {
    return Receive{.sink = std::make_unique<ErrandSink>(elsewhere, ended)};
  };
  start();
  {
    Client client(port);
    ASSERT_TRUE(client.send(request_text("POST", "/errand", "", "abc")));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    client.reset();
  }
  EXPECT_TRUE(eventually([&] { return ended == 1; }));
  server.reset();
}

}  // namespace
}  // namespace entrepot::http::server
