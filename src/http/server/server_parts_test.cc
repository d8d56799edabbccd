// Several ranges of a file in one answer, through real sockets.

#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"
#include "http/range.h"
#include "http/server/testing/certificate.h"
#include "http/server/testing/server_fixture.h"

namespace entrepot::http::server {
namespace {

using testing::Answer;
using testing::Client;
using testing::eventually;
using testing::pattern;
using testing::request_text;

class ServerPartsTest : public testing::ServerFixture {
 protected:
  void SetUp() override {
    answer_in_memory("/hello", "hello\n");
    const auto serve = [this, file = testing::make_file(contents)](const Request& request) {
      Response response;
      const auto answer = choose_range(request, contents.size(), "\"etag\"");
      const FileRange whole{file, {0, contents.size()}};
      if (const auto* several = std::get_if<SeveralRanges>(&answer)) {
        answer_in_parts(response, whole, *several, "text/x-part");
      } else {
        response.body = Source(whole);
      }
      return response;
    };
    handler.in_memory["/file"] = serve;
    handler.on_worker["/from-worker"] = [serve](Context&, const Request& request) -> Reply {
      return serve(request);
    };
  }

  static std::string range_header(const std::vector<ByteRange>& ranges) {
    std::string header = "Range: bytes=";
    for (const ByteRange& range : ranges) {
      header += fmt::format("{}-{},", range.offset_bytes, range.end_bytes() - 1);
    }
    return header + "\r\n";
  }

  // RFC 9110 §14.6 and RFC 2046 §5.1.1, octet for octet.
  std::string expected_body(const Answer& answer, const std::vector<ByteRange>& ranges) const {
    const std::string boundary = boundary_of(answer);
    std::string body;
    for (const ByteRange& range : ranges) {
      body += fmt::format(
          "{}--{}\r\nContent-Type: text/x-part\r\nContent-Range: bytes {}-{}/{}\r\n\r\n{}",
          body.empty() ? "" : "\r\n", boundary, range.offset_bytes, range.end_bytes() - 1,
          contents.size(), contents.substr(range.offset_bytes, range.length_bytes));
    }
    return body + fmt::format("\r\n--{}--\r\n", boundary);
  }

  static std::string boundary_of(const Answer& answer) {
    const std::string type = answer.header("content-type");
    const std::string begin = "multipart/byteranges; boundary=";
    EXPECT_TRUE(type.starts_with(begin)) << type;
    return type.substr(std::min(begin.size(), type.size()));
  }

  void expect_parts(const Answer& answer, const std::vector<ByteRange>& ranges) const {
    EXPECT_EQ(answer.status, 206);
    EXPECT_TRUE(answer.whole) << "as long as Content-Length says";
    EXPECT_TRUE(answer.body == expected_body(answer, ranges));
    EXPECT_EQ(answer.header("content-range"), "") << "stands in the parts";
  }

  const std::string contents = pattern(12'345'678);
};

const std::vector<std::vector<ByteRange>> kRanges = {
    {{0, 1}, {2, 1}},
    {{12'345'677, 1}, {0, 1}},
    {{100, 3'000'000}, {5'000'000, 1}, {5'000'001, 4'000'000}, {0, 100}},
};

TEST_F(ServerPartsTest, SendsAPartForEachRangeInTheOrderAsked) {
  start();
  Client client(port);
  for (const auto& ranges : kRanges) {
    for (const char* path : {"/file", "/from-worker"}) {
      expect_parts(client.get(path, range_header(ranges)), ranges);
    }
  }
  EXPECT_EQ(client.get("/hello").body, "hello\n") << "the framing is left whole";
}

TEST_F(ServerPartsTest, UnderTlsTheyAreTheSame) {
  const entrepot::testing::TemporaryDirectory directory;
  auto tls = TlsContext::open(testing::write_certificate(directory.path(), "parts"));
  ASSERT_OK(tls);
  start(*tls);
  Client client(port, Client::Kind::Tls);
  for (const auto& ranges : kRanges) {
    expect_parts(client.get("/file", range_header(ranges)), ranges);
  }
  EXPECT_EQ(client.get("/hello").body, "hello\n");
}

TEST_F(ServerPartsTest, AThousandPartsComeWhole) {
  std::vector<ByteRange> ranges;
  for (std::uint64_t i = 0; i < kMaxRanges; ++i) ranges.push_back({i * 9'000, 1 + i * 8});
  start();
  Client client(port);
  expect_parts(client.get("/file", range_header(ranges)), ranges);
  EXPECT_EQ(client.get("/hello").body, "hello\n");
}

// A boundary is chance: what a client pushed cannot hold the one of its answer.
TEST_F(ServerPartsTest, BoundariesDiffer) {
  start();
  Client client(port);
  const auto boundary = [&] {
    return boundary_of(client.get("/file", range_header({{0, 1}, {2, 1}})));
  };
  EXPECT_NE(boundary(), boundary());
}

TEST_F(ServerPartsTest, HeadOfAFileKnowsNoParts) {
  start();
  Client client(port);
  ASSERT_TRUE(client.send(request_text("HEAD", "/file", range_header({{0, 1}, {2, 1}}))));
  const Answer answer = client.receive(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-length"), std::to_string(contents.size()));
  EXPECT_EQ(client.get("/hello").body, "hello\n");
}

TEST_F(ServerPartsTest, ASlowReaderHoldsUpNobody) {
  const std::vector<ByteRange> ranges = {{0, 6'000'000}, {6'000'001, 6'000'000}};
  start();
  Client slow(port);
  ASSERT_TRUE(slow.send(request_text("GET", "/file", range_header(ranges))));
  for (int i = 0; i < 4; ++i) {
    expect_parts(Client(port).get("/file", range_header(ranges)), ranges);
  }
  expect_parts(slow.receive(), ranges);
}

TEST_F(ServerPartsTest, ClientsMayLeaveInTheMiddle) {
  std::atomic<int> cut = 0;
  std::atomic<std::uint64_t> sent = 0;
  options.observe = [&](const Exchange& exchange) {
    cut += exchange.complete ? 0 : 1;
    sent += exchange.sent_bytes;
  };
  start();
  for (int i = 0; i < 6; ++i) {
    Client client(port);
    ASSERT_TRUE(client.send(
        request_text("GET", "/file", range_header({{0, 6'000'000}, {6'000'001, 6'000'000}}))));
    EXPECT_EQ(client.read(1000).size(), 1000U);
    if (i % 2 == 0) client.reset();
  }
  EXPECT_TRUE(eventually([&] { return cut == 6; }));
  EXPECT_GT(sent, 0U);
  EXPECT_EQ(Client(port).get("/hello").status, 200);
  server.reset();  // it counts into what ends here
}

}  // namespace
}  // namespace entrepot::http::server
