#include "server/run/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "http/server/testing/request.h"

namespace entrepot::server {
namespace {

using http::server::testing::make_request;

http::server::Exchange exchange_of(const http::Request& request) {
  http::server::Exchange exchange;
  exchange.request = &request;
  exchange.request_id = request.id();
  exchange.peer = &request.peer();
  exchange.status = 201;
  exchange.route = "upload_close";
  exchange.received_bytes = 7;
  exchange.sent_bytes = 42;
  exchange.duration = std::chrono::microseconds(1500);
  return exchange;
}

std::string line_of(const http::server::Exchange& exchange, AccessLogFormat format) {
  std::string line;
  append_access_log_line(line, exchange, testing::FakeClock().wall(), format);
  return line;
}
std::string combined(const http::Request& request) {
  return line_of(exchange_of(request), AccessLogFormat::Combined);
}
std::string json(const http::Request& request) {
  return line_of(exchange_of(request), AccessLogFormat::Json);
}

TEST(AccessLog, CombinedIsTheCombinedLogFormat) {
  EXPECT_EQ(combined(make_request("GET", "/v2/a/tags/list?n=3",
                                  {{"User-Agent", "docker/20"}, {"Referer", "http://here/"}})),
            "127.0.0.1 - - [01/Jan/2026:00:00:00 +0000] \"GET /v2/a/tags/list?n=3 HTTP/1.1\" 201 "
            "42 \"http://here/\" \"docker/20\"\n");
  EXPECT_EQ(combined(make_request("GET", "/v2/")),
            "127.0.0.1 - - [01/Jan/2026:00:00:00 +0000] \"GET /v2/ HTTP/1.1\" 201 42 \"-\" "
            "\"-\"\n");
}

TEST(AccessLog, JsonSaysMore) {
  const auto request = make_request("PUT", "/v2/a/blobs/uploads/1", {{"User-Agent", "a\"b"}});
  EXPECT_EQ(
      json(request),
      fmt::format(
          "{{\"time\":\"2026-01-01T00:00:00.000000Z\",\"remote_address\":"
          "\"127.0.0.1\",\"request_id\":\"{}\",\"method\":\"PUT\",\"target\":"
          "\"/v2/a/blobs/uploads/1\",\"protocol\":\"HTTP/1.1\",\"user_agent\":\"a\\\"b\",\"route\":"
          "\"upload_close\",\"status\":201,\"received_bytes\":7,\"sent_bytes\":42,"
          "\"duration_us\":1500,\"complete\":true}}\n",
          request.id()));
}

TEST(AccessLog, WhatNeverBecameARequestHasALineToo) {
  http::server::Exchange exchange;
  exchange.status = 400;
  EXPECT_EQ(line_of(exchange, AccessLogFormat::Combined),
            "- - - [01/Jan/2026:00:00:00 +0000] \"-\" 400 0 \"-\" \"-\"\n");
  exchange.request_id = "id1";
  exchange.refusal = "Host is \"missing\"";
  EXPECT_EQ(line_of(exchange, AccessLogFormat::Combined),
            "- - - [01/Jan/2026:00:00:00 +0000] \"- Host is \\x22missing\\x22\" 400 0 \"-\" "
            "\"-\"\n");
  const std::string line = line_of(exchange, AccessLogFormat::Json);
  EXPECT_NE(line.find("\"request_id\":\"id1\",\"refusal\":\"Host is \\\"missing\\\"\""),
            std::string::npos)
      << line;
  EXPECT_NE(line.find("\"status\":400"), std::string::npos);
}

TEST(AccessLog, SaysWhoAsked) {
  const auto request = make_request("GET", "/v2/");
  auto exchange = exchange_of(request);
  exchange.actor = "acme/ci";
  EXPECT_TRUE(line_of(exchange, AccessLogFormat::Combined).starts_with("127.0.0.1 - acme/ci ["));
  EXPECT_NE(line_of(exchange, AccessLogFormat::Json).find(R"("actor":"acme/ci")"),
            std::string::npos);
}

TEST(AccessLog, SaysWhichProtocolWasSpoken) {
  const auto old = http::server::testing::request_from("GET /v2/ HTTP/1.0\n");
  EXPECT_NE(combined(old).find("\"GET /v2/ HTTP/1.0\""), std::string::npos);
  EXPECT_NE(json(old).find("\"protocol\":\"HTTP/1.0\""), std::string::npos);
}

// Whoever reads the log must not be able to go on with somebody's upload, or be somebody.
TEST(AccessLog, SaysNoSecrets) {
  const auto request = make_request(
      "PATCH", "/v2/a/blobs/uploads/1?_state=c2VjcmV0.x&digest=d",
      {{"Authorization", "Basic c2VjcmV0"}, {"Referer", "http://h/?x=1&_state=c2VjcmV0"}});
  for (const auto& line : {combined(request), json(request)}) {
    EXPECT_EQ(line.find("c2VjcmV0"), std::string::npos) << line;
    EXPECT_NE(line.find("uploads/1?_state=-&digest=d"), std::string::npos) << line;
  }
}

// Where a parameter is looked up, its name is decoded, so it is here.
TEST(AccessLog, SecretsAreKnownHoweverTheyAreWritten) {
  for (const char* name : {"_state", "_stat%65", "%5fstate", "%5F%73%74%61%74%65"}) {
    const auto request = make_request(
        "PATCH", fmt::format("/v2/a/blobs/uploads/1?x={0}=&{0}=c2VjcmV0&y&{0}=c2VjcmV0", name));
    for (const auto& line : {combined(request), json(request)}) {
      EXPECT_EQ(line.find("c2VjcmV0"), std::string::npos) << line;
      EXPECT_NE(line.find(fmt::format("&{0}=-&y&{0}=-", name)), std::string::npos) << line;
    }
  }
  EXPECT_NE(combined(make_request("GET", "/v2/?a_state=1&_states=2&_state"))
                .find("/v2/?a_state=1&_states=2&_state "),
            std::string::npos)
      << "others stay";
}

// A client cannot write lines, end a quote or steer a terminal.
TEST(AccessLog, ALineStaysOneLine) {
  const auto request = make_request("GET", "/v2/", {{"User-Agent", "a\"\\\x80z"}});
  EXPECT_NE(combined(request).find("\"a\\x22\\x5c\\x80z\"\n"), std::string::npos)
      << combined(request);
}

class AccessLogPipe : public ::testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);  // as the server does: the writer may outlive a reader
    ASSERT_EQ(::pipe(ends_), 0);
  }
  void TearDown() override {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  std::size_t read_lines() {
    std::size_t lines = 0;
    char buffer[4096];
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    for (ssize_t size; (size = ::read(ends_[0], buffer, sizeof(buffer))) > 0;) {
      lines += static_cast<std::size_t>(std::count(buffer, buffer + size, '\n'));
    }
    return lines;
  }
  std::uint64_t lost() { return metrics_.counter("entrepot_access_log_lost_total", "").value(); }

  int ends_[2] = {-1, -1};
  metrics::Registry metrics_;
};

TEST_F(AccessLogPipe, EveryLineIsThereAtTheEnd) {
  const auto request = make_request("GET", "/v2/");
  {
    AccessLog log({AccessLogFormat::Combined, ends_[1]}, Clock::system(), metrics_);
    for (int i = 0; i < 100; ++i) log.record(exchange_of(request));
  }
  EXPECT_EQ(read_lines(), 100u);
  EXPECT_EQ(lost(), 0u);
}

// Nobody reads: the server goes on, and the memory has an end.
TEST_F(AccessLogPipe, ALogThatNobodyReadsHoldsNobodyUp) {
  const auto request = make_request("GET", "/" + std::string(1000, 'x'));
  {
    AccessLog log({AccessLogFormat::Combined, ends_[1]}, Clock::system(), metrics_);
    for (int i = 0; i < 3000; ++i) log.record(exchange_of(request));
    EXPECT_GT(lost(), 0u);
    std::thread reader([&] {
      ::usleep(100'000);
      while (read_lines() > 0) ::usleep(10'000);
    });
    reader.join();
  }
}

TEST_F(AccessLogPipe, AClosedReaderCostsLinesOnly) {
  ::close(ends_[0]);
  const auto request = make_request("GET", "/" + std::string(1000, 'x'));
  AccessLog log({AccessLogFormat::Combined, ends_[1]}, Clock::system(), metrics_);
  for (int i = 0; i < 100; ++i) log.record(exchange_of(request));
  for (int i = 0; i < 500 && lost() == 0; ++i) ::usleep(10'000);
  EXPECT_GT(lost(), 0u);
}

}  // namespace
}  // namespace entrepot::server
