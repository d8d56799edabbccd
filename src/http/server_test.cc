#include "http/server.h"

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "http/testing/client.h"
#include "http/testing/test_server.h"

namespace entrepot::http {
namespace {

using testing::Answer;
using testing::Client;
using testing::request_text;

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    handler.in_memory["/hello"] = [](const Request&) {
      return Response::text(200, "text/plain", "hello\n");
    };
    handler.on_worker["/upload"] = [this](Context&, const Request&) -> Reply {
      return Receive{std::make_unique<testing::RecordingSink>(record), limit_bytes};
    };
    handler.on_worker["/worker"] = [](Context&, const Request&) -> Reply {
      return Response::text(200, "text/plain", "from a worker\n");
    };
  }

  void start(ServerOptions options = {}) {
    options.workers = &workers;
    options.finishers = &finishers;
    options.loops = 2;
    options.data_threads = 2;
    auto opened = Server::open(std::move(options), handler);
    ASSERT_OK(opened);
    server = *std::move(opened);
    auto bound = server->listen("127.0.0.1", 0, nullptr);
    ASSERT_OK(bound);
    port = *bound;
  }

  testing::ScriptedHandler handler;
  std::shared_ptr<testing::RecordingSink::Record> record =
      std::make_shared<testing::RecordingSink::Record>();
  std::uint64_t limit_bytes = UINT64_MAX;
  Executor workers{{"worker", 4, 64}};
  Executor finishers{{"finisher", 2, 64}};
  std::unique_ptr<Server> server;
  std::uint16_t port = 0;
};

TEST_F(ServerTest, AnswersFromMemoryAndKeepsTheConnection) {
  start();
  Client client(port);
  for (int i = 0; i < 3; ++i) {
    const Answer answer = client.get("/hello");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello\n");
    EXPECT_EQ(answer.header("server"), "entrepot");
    EXPECT_FALSE(answer.header("date").empty());
    EXPECT_FALSE(answer.header("x-request-id").empty());
  }
}

TEST_F(ServerTest, AnswersFromAWorker) {
  start();
  Client client(port);
  EXPECT_EQ(client.get("/worker").body, "from a worker\n");
  EXPECT_EQ(client.get("/nowhere").status, 404);
}

TEST_F(ServerTest, ReceivesASmallBody) {
  start();
  Client client(port);
  EXPECT_EQ(client.exchange(request_text("PUT", "/upload", "", "small body")).status, 201);
  EXPECT_EQ(record->body, "small body");
}

TEST_F(ServerTest, ReceivesALargeBody) {
  start();
  Client client(port);
  std::string body(20'000'003, 'x');
  for (std::size_t i = 0; i < body.size(); i += 7) body[i] = static_cast<char>(i);
  const Answer answer = client.exchange(request_text("PUT", "/upload", "", body));
  EXPECT_EQ(answer.status, 201);
  EXPECT_TRUE(record->body == body);
  EXPECT_LE(record->largest_piece_bytes, 1U << 20);
  EXPECT_EQ(client.get("/hello").status, 200);
}

}  // namespace
}  // namespace entrepot::http
