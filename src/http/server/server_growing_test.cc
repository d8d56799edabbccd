// Answers out of files that still grow, through real sockets.

#include <sys/mman.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"
#include "http/server/testing/certificate.h"
#include "http/server/testing/server_fixture.h"

namespace entrepot::http::server {
namespace {

using testing::Answer;
using testing::Client;
using testing::eventually;
using testing::pattern;
using testing::request_text;

constexpr std::uint64_t kSize = 12'345'678;

// A file that a test writes, and how far.
class Writing {
 public:
  Writing() : descriptor_(::memfd_create("entrepot-http-test", MFD_CLOEXEC)) {
    growing = std::make_shared<GrowingFile>(std::make_shared<const OpenFile>(descriptor_), kSize);
  }

  // Up to here it is there.
  void write_to(std::uint64_t to) {
    while (at_ < to) {
      const ssize_t wrote = ::write(descriptor_, contents.data() + at_, to - at_);
      ASSERT_GT(wrote, 0);
      at_ += static_cast<std::uint64_t>(wrote);
    }
    growing->grow(to);
  }

  const std::string contents = pattern(kSize);
  std::shared_ptr<GrowingFile> growing;

 private:
  const int descriptor_;  // owned by `growing`
  std::uint64_t at_ = 0;
};

// Small and large steps, across what goes out on the loop and what in turns.
const std::vector<std::uint64_t> kSteps = {
    1, 2, 16'500, 100'000, 300'000, 1'500'000, 1'500'001, 5'000'000, 5'120'000, 9'999'999, kSize};

class ServerGrowingTest : public testing::ServerFixture {
 protected:
  void SetUp() override {
    answer_in_memory("/hello", "hello\n");
    serve("/file", {0, kSize});
    options.observe = [this](const Exchange& exchange) {
      if (exchange.route == "growing") ++(exchange.complete ? whole : cut);
      if (exchange.route == "growing") sent_bytes += exchange.sent_bytes;
    };
  }

  void serve(const std::string& path, ByteRange range) {
    handler.in_memory[path] = [this, range](const Request&) {
      Response response;
      response.route = "growing";
      response.body = Source(GrowingRange{writing.growing, range});
      return response;
    };
  }

  // Asks, and reads the head, which comes whatever there is of the file.
  std::unique_ptr<Client> waiting_client(Client::Kind kind = Client::Kind::Plain) {
    auto client = std::make_unique<Client>(port, kind);
    EXPECT_TRUE(client->send(request_text("GET", "/file")));
    EXPECT_TRUE(read_head(*client).starts_with("HTTP/1.1 200 "));
    return client;
  }

  static std::string read_head(Client& client) {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      const std::string byte = client.read(1);
      if (byte.empty()) break;
      head += byte;
    }
    return head;
  }

  std::string part(std::uint64_t from, std::uint64_t to) const {
    return writing.contents.substr(from, to - from);
  }

  // Each step of the file comes before the next is written.
  void expect_each_step(Client& client) {
    std::uint64_t before = 0;
    for (const std::uint64_t step : kSteps) {
      writing.write_to(step);
      ASSERT_TRUE(client.read(step - before) == part(before, step)) << step;
      before = step;
    }
  }

  bool nobody_is_connected() const {
    return metrics.to_text().find("entrepot_http_connections_open 0\n") != std::string::npos;
  }

  Writing writing;
  std::atomic<int> whole = 0;
  std::atomic<int> cut = 0;
  std::atomic<std::uint64_t> sent_bytes = 0;
};

TEST_F(ServerGrowingTest, ThreeClientsReadWhatComesAndOneIsSlow) {
  start();
  const auto first = waiting_client();
  const auto slow = waiting_client();
  std::thread second([this] { EXPECT_TRUE(Client(port).get("/file").body == writing.contents); });
  expect_each_step(*first);
  second.join();
  EXPECT_TRUE(slow->read(kSize) == writing.contents);
  for (const auto& client : {first.get(), slow.get()}) {
    EXPECT_EQ(client->get("/hello").body, "hello\n") << "the framing is left whole";
  }
  EXPECT_EQ(whole, 3);
  EXPECT_EQ(sent_bytes, 3 * kSize);
}

TEST_F(ServerGrowingTest, UnderTlsItIsTheSame) {
  const entrepot::testing::TemporaryDirectory directory;
  auto tls = TlsContext::open(testing::write_certificate(directory.path(), "growing"));
  ASSERT_OK(tls);
  start(*tls);
  const auto client = waiting_client(Client::Kind::Tls);
  expect_each_step(*client);
  EXPECT_EQ(client->get("/hello").body, "hello\n");
  EXPECT_TRUE(client->get("/file").body == writing.contents) << "which is whole by now";
}

// Answers follow each other on a connection whatever of them is there.
TEST_F(ServerGrowingTest, PipelinedAnswersKeepTheirOrder) {
  serve("/front", {0, 100});
  serve("/empty", {kSize, 0});
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("GET", "/empty") + request_text("GET", "/front") +
                          request_text("GET", "/file") + request_text("GET", "/hello")));
  EXPECT_EQ(client.receive().header("content-length"), "0");
  writing.write_to(1'000'000);
  EXPECT_EQ(client.receive().body, part(0, 100));
  writing.write_to(kSize);
  EXPECT_TRUE(client.receive().body == writing.contents);
  EXPECT_EQ(client.receive().body, "hello\n");
}

TEST_F(ServerGrowingTest, ARangeThatIsFarAheadComesWhenItsTimeHasCome) {
  serve("/range", {5'000'000, 4'000'000});
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("GET", "/range")));
  EXPECT_NE(read_head(client).find("Content-Length: 4000000\r\n"), std::string::npos);
  for (std::uint64_t to = 100'000; to <= 5'000'000; to += 100'000) writing.write_to(to);
  EXPECT_FALSE(client.is_readable()) << "nothing of it is there";
  writing.write_to(5'000'001);
  EXPECT_EQ(client.read(1), part(5'000'000, 5'000'001));
  writing.write_to(9'500'000);
  EXPECT_TRUE(client.read(3'999'999) == part(5'000'001, 9'000'000));
  EXPECT_EQ(client.get("/hello").body, "hello\n") << "before the file is whole";
}

TEST_F(ServerGrowingTest, HeadTellsTheSizeAndWaitsForNothing) {
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("HEAD", "/file")));
  EXPECT_EQ(client.receive(true).header("content-length"), std::to_string(kSize));
  EXPECT_EQ(client.get("/hello").body, "hello\n");
}

// Who reads gets what came, and no more; it is cut, since the rest was promised.
TEST_F(ServerGrowingTest, AWriterThatFailsCutsTheConnections) {
  start();
  const auto reader = waiting_client();
  const auto slow = waiting_client();
  writing.write_to(6'000'000);
  EXPECT_TRUE(reader->read(6'000'000) == part(0, 6'000'000));
  writing.growing->fail(Error{ErrorCode::Unavailable, "the upstream went away"});
  EXPECT_TRUE(reader->ended());
  EXPECT_TRUE(slow->read_to_end() == part(0, 6'000'000));
  const Answer late = Client(port).get("/file");
  EXPECT_EQ(late.status, 200);
  EXPECT_FALSE(late.whole);
  EXPECT_TRUE(late.body == part(0, 6'000'000));
  EXPECT_TRUE(eventually([&] { return cut == 3 && nobody_is_connected(); }));
  EXPECT_EQ(metrics.to_text().find("entrepot_http_body_faults_total 1\n"), std::string::npos)
      << "no file is to blame";
}

TEST_F(ServerGrowingTest, AWriterThatFailsBeforeItBeganCutsToo) {
  start();
  const auto client = waiting_client();
  writing.growing->fail(Error{ErrorCode::Unavailable, "the upstream went away"});
  EXPECT_TRUE(client->ended());
  EXPECT_EQ(Client(port).get("/file").status, 0);
  EXPECT_TRUE(eventually([&] { return cut == 2; }));
}

TEST_F(ServerGrowingTest, ARangeThatTheFileWillNeverHaveBreaksOff) {
  serve("/beyond", {kSize - 10, 100});
  start();
  writing.write_to(kSize);
  const Answer answer = Client(port).get("/beyond");
  EXPECT_EQ(answer.body, part(kSize - 10, kSize));
  EXPECT_FALSE(answer.whole);
}

TEST_F(ServerGrowingTest, AClientThatLeavesWhileItWaitsIsCleanedUp) {
  start();
  for (int i = 0; i < 10; ++i) waiting_client()->reset();
  EXPECT_TRUE(eventually([&] { return cut == 10 && nobody_is_connected(); }));
  writing.write_to(kSize);  // wakes nobody
  EXPECT_EQ(cut, 10) << "each was over once";
  EXPECT_TRUE(Client(port).get("/file").body == writing.contents);
}

TEST_F(ServerGrowingTest, AHalfCloseStopsNothing) {
  start();
  const auto client = waiting_client();
  client->shut_down_sending();
  writing.write_to(1'000);
  EXPECT_EQ(client->read(1'000), part(0, 1'000));
  writing.write_to(kSize);
  EXPECT_TRUE(client->read(kSize) == part(1'000, kSize));
  EXPECT_TRUE(client->ended());
}

// Who is silent because the file is does not count as idle.
TEST_F(ServerGrowingTest, WhileItWaitsAClientMayBeSilent) {
  options.limits.idle = std::chrono::seconds(1);
  options.loops = 1;
  start();
  const auto waiting = waiting_client();
  Client idle(port);
  EXPECT_EQ(idle.get("/hello").status, 200);
  EXPECT_TRUE(idle.ended()) << "which was silent for a shorter time";
  writing.write_to(kSize);
  EXPECT_TRUE(waiting->read(kSize) == writing.contents);
}

// And who does not read what is there counts as idle.
TEST_F(ServerGrowingTest, AClientThatReadsNothingIsClosed) {
  options.limits.idle = std::chrono::seconds(1);
  start();
  const auto client = waiting_client();
  writing.write_to(kSize - 1);
  EXPECT_TRUE(eventually([&] { return cut == 1; }));
}

// More than there are workers, data threads and loops together.
TEST_F(ServerGrowingTest, WhoWaitsHoldsNoThread) {
  handler.on_worker["/file"] = [this](Context&, const Request&) -> Reply {
    Response response;
    response.body = Source(GrowingRange{writing.growing, {0, kSize}});
    return response;
  };
  handler.in_memory.erase("/file");
  const std::string other = pattern(3'000'000);
  handler.on_worker["/other"] = [file = testing::make_file(other)](Context&,
                                                                   const Request&) -> Reply {
    Response response;
    response.body = Source(FileRange{file, {0, 3'000'000}});
    return response;
  };
  start();
  std::vector<std::unique_ptr<Client>> waiting;
  for (int i = 0; i < 40; ++i) waiting.push_back(waiting_client());
  EXPECT_TRUE(Client(port).get("/other").body == other);
  writing.write_to(kSize);
  for (const auto& client : waiting) EXPECT_TRUE(client->read(kSize) == writing.contents);
}

TEST_F(ServerGrowingTest, AServerThatEndsDoesNotWaitForTheWriter) {
  start();
  const auto first = waiting_client();
  const auto second = waiting_client();
  writing.write_to(1'000);
  EXPECT_EQ(first->read(1'000), part(0, 1'000));
  EXPECT_EQ(server->drain(std::chrono::milliseconds(0)), 2U);
  server.reset();
  EXPECT_TRUE(first->ended());
  writing.write_to(kSize);  // the loops that it would have woken are gone
}

TEST_F(ServerGrowingTest, ClientsComeAndGoWhileItGrows) {
  start();
  std::atomic<int> good = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([&, i] {
      if (i % 2 == 0) {
        Client leaving(port);
        leaving.send(request_text("GET", "/file"));
        leaving.read(static_cast<std::size_t>(i) * 300'000);
        if (i % 4 == 0) leaving.reset();
      } else if (Client(port).get("/file").body == writing.contents) {
        ++good;
      }
    });
  }
  for (std::uint64_t to = 0; to < kSize; to += 9'973) writing.write_to(to);
  writing.write_to(kSize);
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, 8);
  EXPECT_TRUE(eventually([&] { return nobody_is_connected(); }));
}

}  // namespace
}  // namespace entrepot::http::server
