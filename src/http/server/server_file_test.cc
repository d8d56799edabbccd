// Answers out of files and streams, through real sockets.

#include <thread>

#include <gtest/gtest.h>

#include "base/mutex.h"
#include "http/server/testing/server_fixture.h"

namespace entrepot::http::server {
namespace {

using testing::Answer;
using testing::Client;
using testing::eventually;
using testing::pattern;
using testing::request_text;

// Gives out `bytes` in uneven pieces, then the end, or an error.
class PiecewiseStream final : public ByteStream {
 public:
  PiecewiseStream(std::string bytes, bool fails_at_end)
      : bytes_(std::move(bytes)), fails_at_end_(fails_at_end) {}

  Result<std::size_t> read(Context&, std::span<char> buffer) override {
    if (at_ == bytes_.size() && fails_at_end_) return fail(ErrorCode::Unavailable, "gone");
    const std::size_t size = std::min({buffer.size(), bytes_.size() - at_, 7'777 + at_ % 1'000});
    std::copy_n(bytes_.data() + at_, size, buffer.data());
    at_ += size;
    return size;
  }

 private:
  const std::string bytes_;
  const bool fails_at_end_;
  std::size_t at_ = 0;
};

class ServerFileTest : public testing::ServerFixture {
 protected:
  void SetUp() override {
    answer_in_memory("/hello", "hello\n");
    serve_file("/file", contents, {0, contents.size()});
  }

  void serve_file(const std::string& path, const std::string& bytes, ByteRange range) {
    handler.on_worker[path] = [file = testing::make_file(bytes), range](Context&,
                                                                        const Request&) -> Reply {
      Response response;
      response.body = Source(FileRange{file, range});
      return response;
    };
  }

  void serve_stream(const std::string& path, const std::string& bytes, std::uint64_t size,
                    bool fails_at_end) {
    handler.on_worker[path] = [=](Context&, const Request&) -> Reply {
      Response response;
      response.body =
          Source(StreamRange{std::make_unique<PiecewiseStream>(bytes, fails_at_end), size});
      return response;
    };
  }

  void count_cut_exchanges() {
    options.observe = [this](const Exchange& exchange) { cut += exchange.complete ? 0 : 1; };
  }

  const std::string contents = pattern(12'345'678);
  std::atomic<int> cut = 0;
};

TEST_F(ServerFileTest, SendsAFileByteForByte) {
  start();
  Client client(port);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.get("/file").body == contents);
  EXPECT_EQ(client.get("/hello").body, "hello\n");
}

// Each answer goes out at once, so the next request is served before the loop has turned.
TEST_F(ServerFileTest, SendsThousandsOfPipelinedRanges) {
  handler.in_memory["/range"] = [file = testing::make_file(contents)](const Request&) {
    Response response;
    response.body = Source(FileRange{file, {7, 100}});
    return response;
  };
  start();
  Client client(port);
  constexpr int kRequests = 5'000;
  std::thread sending([&] {
    std::string all;
    for (int i = 0; i < kRequests; ++i) all += request_text("GET", "/range");
    EXPECT_TRUE(client.send(all));
  });
  for (int i = 0; i < kRequests; ++i) ASSERT_EQ(client.receive().body, contents.substr(7, 100));
  sending.join();
}

TEST_F(ServerFileTest, SendsRangesSmallAndLarge) {
  const std::vector<ByteRange> ranges = {{0, 1},           {12'345'677, 1},   {777, 65'536},
                                         {4'096, 131'072}, {4'097, 131'073},  {1, 12'345'677},
                                         {5, 0},           {1'000, 1'048'577}};
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    serve_file("/" + std::to_string(i), contents, ranges[i]);
  }
  start();
  Client client(port);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const Answer answer = client.get("/" + std::to_string(i));
    EXPECT_TRUE(answer.body == contents.substr(ranges[i].offset_bytes, ranges[i].length_bytes))
        << i;
  }
}

TEST_F(ServerFileTest, AFileMayBeAnsweredFromMemoryToo) {
  handler.in_memory["/cached"] = [file = testing::make_file(contents)](const Request&) {
    Response response;
    response.body = Source(FileRange{file, {100, 50'000}});
    return response;
  };
  handler.in_memory["/large"] = [file = testing::make_file(contents)](const Request&) {
    Response response;
    response.body = Source(FileRange{file, {0, 12'345'678}});
    return response;
  };
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("GET", "/large") + request_text("GET", "/cached")));
  EXPECT_TRUE(client.receive().body == contents);
  EXPECT_TRUE(client.receive().body == contents.substr(100, 50'000));
}

TEST_F(ServerFileTest, HeadOfAFileSendsNothingOfIt) {
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("HEAD", "/file")));
  EXPECT_EQ(client.receive(true).header("content-length"), "12345678");
  EXPECT_EQ(client.get("/hello").body, "hello\n");
}

TEST_F(ServerFileTest, ASlowReaderHoldsUpNobody) {
  start();
  Client slow(port);
  ASSERT_TRUE(slow.send(request_text("GET", "/file")));
  std::vector<std::thread> others;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    others.emplace_back([&] {
      if (Client(port).get("/file").body == contents) ++good;
    });
  }
  for (std::thread& other : others) other.join();
  EXPECT_EQ(good, 8);
  EXPECT_TRUE(slow.receive().body == contents);
}

TEST_F(ServerFileTest, SixtyFourAtOnce) {
  start();
  std::vector<std::thread> clients;
  std::atomic<int> good = 0;
  for (int i = 0; i < 64; ++i) {
    clients.emplace_back([&] {
      Client client(port);
      if (client.get("/file").body == contents && client.get("/hello").body == "hello\n") ++good;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, 64);
}

TEST_F(ServerFileTest, ClientsMayLeaveInTheMiddle) {
  count_cut_exchanges();
  start();
  for (int i = 0; i < 10; ++i) {
    Client client(port);
    ASSERT_TRUE(client.send(request_text("GET", "/file")));
    EXPECT_EQ(client.read(1000).size(), 1000U);
    if (i % 2 == 0) client.reset();
  }
  EXPECT_TRUE(eventually([&] { return cut == 10; }));
  EXPECT_EQ(Client(port).get("/hello").status, 200);
}

// sendfile(2) raises SIGPIPE where sendmsg(2) can be told not to. The test does not ignore it.
TEST_F(ServerFileTest, AHalfCloseThenACloseInTheMiddleIsSurvived) {
  start();
  for (int i = 0; i < 5; ++i) {
    Client client(port);
    ASSERT_TRUE(client.send(request_text("GET", "/file")));
    client.shut_down_sending();
    EXPECT_EQ(client.read(200'000).size(), 200'000U);
    client.close();
  }
  EXPECT_TRUE(eventually([&] {
    return metrics.to_text().find("entrepot_http_connections_open 0\n") != std::string::npos;
  }));
  EXPECT_EQ(Client(port).get("/hello").status, 200);
}

TEST_F(ServerFileTest, AHalfCloseAloneStopsNothing) {
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("GET", "/file")));
  client.shut_down_sending();
  EXPECT_TRUE(client.receive().body == contents);
  EXPECT_TRUE(client.ended());
}

// Whoever answered is told that it was the file, where and why; and nothing when a client leaves.
TEST_F(ServerFileTest, AFaultOfTheFileIsToldFromAClientThatLeaves) {
  count_cut_exchanges();
  serve_file("/short", contents, {1, 2 * contents.size()});
  Mutex mutex;
  std::vector<std::string> faults;
  handler.on_fault = [&](std::string_view path, std::uint64_t offset, const Error& error) {
    const MutexLock lock(mutex);
    faults.push_back(fmt::format("{} {} {}", path, offset, name_of(error.code)));
  };
  start();
  Client leaving(port);
  ASSERT_TRUE(leaving.send(request_text("GET", "/file")));
  EXPECT_EQ(leaving.read(1000).size(), 1000U);
  leaving.reset();
  ASSERT_TRUE(eventually([&] { return cut == 1; }));
  Client client(port);
  EXPECT_EQ(client.get("/short?n=1").body.size(), contents.size() - 1);
  ASSERT_TRUE(eventually([&] {
    const MutexLock lock(mutex);
    return !faults.empty();
  }));
  const MutexLock lock(mutex);
  EXPECT_EQ(faults, std::vector<std::string>{fmt::format("/short {} OutOfRange", contents.size())});
  EXPECT_NE(metrics.to_text().find("entrepot_http_body_faults_total 1\n"), std::string::npos);
}

// The length was promised: an answer that cannot be kept breaks off, it is not filled up.
TEST_F(ServerFileTest, AFileThatShrankBreaksOff) {
  serve_file("/short", "short", {0, 1'000'000});
  start();
  Client client(port);
  const Answer answer = client.get("/short");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "short");
  EXPECT_FALSE(answer.whole);
}

TEST_F(ServerFileTest, SendsAStream) {
  serve_stream("/stream", contents, contents.size(), false);
  start();
  Client client(port);
  EXPECT_TRUE(client.get("/stream").body == contents);
  EXPECT_TRUE(client.get("/stream").body == contents);
  EXPECT_EQ(client.get("/hello").body, "hello\n");
}

TEST_F(ServerFileTest, AStreamThatFailsBreaksOff) {
  serve_stream("/fails", contents.substr(0, 400'000), contents.size(), true);
  serve_stream("/ends", contents.substr(0, 400'000), contents.size(), false);
  start();
  for (const char* path : {"/fails", "/ends"}) {
    const Answer answer = Client(port).get(path);
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.whole) << path;
    EXPECT_TRUE(contents.starts_with(answer.body));
  }
}

// A stream that gives more than it promised is cut there.
TEST_F(ServerFileTest, AStreamSendsWhatItPromised) {
  serve_stream("/long", contents, 500'000, false);
  start();
  Client client(port);
  EXPECT_TRUE(client.get("/long").body == contents.substr(0, 500'000));
  EXPECT_EQ(client.get("/hello").body, "hello\n");
}

TEST_F(ServerFileTest, AStreamsClientMayLeave) {
  serve_stream("/stream", contents, contents.size(), false);
  count_cut_exchanges();
  start();
  {
    Client client(port);
    ASSERT_TRUE(client.send(request_text("GET", "/stream")));
    EXPECT_EQ(client.read(1000).size(), 1000U);
    client.reset();
  }
  EXPECT_TRUE(eventually([&] { return cut == 1; }));
}

}  // namespace
}  // namespace entrepot::http::server
