#include "http/client/client.h"

#include <thread>
#include <vector>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"
#include "http/client/testing/raw_server.h"
#include "http/server/testing/certificate.h"
#include "http/server/testing/server_fixture.h"

namespace entrepot::http::client {
namespace {

using std::chrono::milliseconds;

class HttpClient : public server::testing::ServerFixture {
 protected:
  std::string url(std::string_view target, std::string_view scheme = "http") const {
    return fmt::format("{}://localhost:{}{}", scheme, port, target);
  }
  Result<Response> get(std::string_view target) {
    return made()->send(context, {.url = url(target)});
  }
  std::unique_ptr<Client> made() {
    auto client = Client::make(wished);
    EXPECT_OK(client);
    return *std::move(client);
  }
  // `path` answers when the test ends, or a second later.
  void answer_late(const std::string& path) {
    handler.on_worker[path] = [](Context& asked, const http::Request&) -> Reply {
      for (int i = 0; i < 100 && !asked.cancelled(); ++i) {
        std::this_thread::sleep_for(milliseconds(10));
      }
      return http::Response::text(200, "text/plain", "late");
    };
  }

  Options wished;
  Context context{"test"};
};

TEST_F(HttpClient, TakesTheWholeAnswer) {
  handler.on_worker["/teapot"] = [](Context&, const http::Request& request) -> Reply {
    auto response = http::Response::text(418, "text/plain", std::string(100'000, 'x'));
    response.with("X-Asked-By", std::string(request.header("X-Me").value_or("?")));
    return response;
  };
  start();
  const auto answer =
      made()->send(context, {.url = url("/teapot"), .headers = {{"X-Me", "a test"}}});
  ASSERT_OK(answer);
  EXPECT_EQ(answer->status, 418);
  EXPECT_EQ(answer->body, std::string(100'000, 'x'));
  EXPECT_EQ(answer->header("x-asked-by"), "a test");
  EXPECT_EQ(answer->header("X-Nothing"), std::nullopt);
}

TEST_F(HttpClient, SendsABody) {
  take_body("/upload");
  start();
  const std::string body = server::testing::pattern(300'000);
  const auto answer = made()->send(context, {.method = "PUT", .url = url("/upload"), .body = body});
  ASSERT_OK(answer);
  EXPECT_EQ(record->seen().body, body);
}

TEST_F(HttpClient, ARedirectIsAnAnswer) {
  handler.on_worker["/moved"] = [](Context&, const http::Request&) -> Reply {
    auto response = http::Response::text(307, "text/plain", "");
    response.with("Location", "/secret");
    return response;
  };
  start();
  const auto answer = get("/moved");
  ASSERT_OK(answer);
  EXPECT_EQ(answer->status, 307);
  EXPECT_EQ(answer->header("location"), "/secret");
}

TEST_F(HttpClient, AnAnswerHasALimit) {
  answer_in_memory("/large", std::string(5000, 'x'));
  start();
  wished.most_body_bytes = 4999;
  EXPECT_FAILS(TooLarge, get("/large"));
  wished.most_body_bytes = 5000;
  EXPECT_OK(get("/large"));
  wished.most_header_bytes = 20;
  EXPECT_FAILS(TooLarge, get("/large"));
}

TEST_F(HttpClient, WaitsNoLongerThanItsCaller) {
  answer_late("/late");
  start();
  Context hurried("test", std::chrono::steady_clock::now() + milliseconds(50));
  EXPECT_FAILS(Timeout, made()->send(hurried, {.url = url("/late")}));
  wished.answer = milliseconds(50);
  EXPECT_FAILS(Timeout, get("/late"));
}

TEST_F(HttpClient, EndsWhenItsCallerGoes) {
  handler.on_worker["/late"] = [](Context& asked, const http::Request&) -> Reply {
    while (!asked.cancelled()) std::this_thread::sleep_for(milliseconds(10));
    return http::Response::text(200, "text/plain", "late");
  };
  start();
  std::thread leaves([&] {
    std::this_thread::sleep_for(milliseconds(50));
    context.cancel();
  });
  EXPECT_FAILS(Cancelled, get("/late"));
  leaves.join();
}

TEST_F(HttpClient, SaysWhatIsNoAddress) {
  start();
  for (const char* address : {"", "http://", "file:///etc/passwd", "gopher://localhost/"}) {
    EXPECT_FAILS(InvalidArgument, made()->send(context, {.url = address})) << address;
  }
  const Request two_lines{.url = url("/"), .headers = {{"X", "a\r\nY: b"}}};
  EXPECT_FAILS(InvalidArgument, made()->send(context, two_lines));
}

TEST_F(HttpClient, DotsInAPathStay) {
  answer_in_memory("/users/../x", "itself");
  answer_in_memory("/x", "another");
  start();
  const auto answer = get("/users/../x");
  ASSERT_OK(answer);
  EXPECT_EQ(answer->body, "itself");
}

TEST_F(HttpClient, NobodyThereIsUnavailable) {
  start();
  const std::string address = url("/");
  server.reset();
  const auto answer = made()->send(context, {.url = address});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
  EXPECT_NE(answer.error().message.find(address), std::string::npos);
}

TEST_F(HttpClient, SaysThatThereMayBeNoTls) {
  answer_in_memory("/hello", "hello");
  start();
  const auto answer = made()->send(context, {.url = url("/hello", "https")});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Unavailable);
  EXPECT_NE(answer.error().message.find("is there TLS at all?"), std::string::npos);
}

TEST_F(HttpClient, TrustsOnlyWhatItIsToldTo) {
  entrepot::testing::TemporaryDirectory directory;
  const auto files = server::testing::write_certificate(directory.path(), "localhost");
  auto tls = server::TlsContext::open(files);
  ASSERT_OK(tls);
  answer_in_memory("/hello", "hello");
  start(*std::move(tls));
  const Request request{.url = url("/hello", "https")};
  const auto refused = made()->send(context, request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
  EXPECT_NE(refused.error().message.find("does not trust its certificate"), std::string::npos);
  wished.ca_file = files.certificate_path;
  const auto answer = made()->send(context, request);
  ASSERT_OK(answer);
  EXPECT_EQ(answer->body, "hello");
}

TEST_F(HttpClient, KeepsItsConnection) {
  answer_in_memory("/hello", "hello");
  start();
  const auto client = made();
  for (int i = 0; i < 3; ++i) EXPECT_OK(client->send(context, {.url = url("/hello")}));
  EXPECT_NE(metrics.to_text().find("entrepot_http_connections_open 1\n"), std::string::npos);
}

using testing::answer_text;
using testing::Asked;
using testing::RawServer;
using testing::Said;

// Remembers what it was given, and fails when it is told to.
class Recorder final : public Taker {
 public:
  Result<void> head(const Response& head) override {
    heads.push_back(head);
    if (fails_at_head) return fail(ErrorCode::Denied, "not this one");
    return {};
  }
  Result<void> body(ByteView piece) override {
    EXPECT_EQ(heads.size(), 1);
    bytes.append(piece);
    if (bytes.size() >= fails_at) return fail(ErrorCode::StorageFull, "no room for it");
    return {};
  }

  std::vector<Response> heads;
  std::string bytes;
  bool fails_at_head = false;
  std::size_t fails_at = SIZE_MAX;
};

class HttpClientTaker : public ::testing::Test {
 protected:
  // Asks a server that says this.
  Result<void> take(Said said, std::string method = "GET") {
    const RawServer server([&](const Asked&) { return said; });
    auto client = Client::make(wished);
    if (!client) return propagate(std::move(client));
    return (*client)->send(context, {.method = std::move(method), .url = server.url("/x")}, taker);
  }

  Options wished;
  Context context{"test"};
  Recorder taker;
};

TEST_F(HttpClientTaker, GetsTheHeadThenTheBody) {
  const std::string body = server::testing::pattern(3'000'000);
  wished.most_body_bytes = 10;  // bounds what is kept, and nothing is
  ASSERT_OK(take({answer_text(418, "X-Me: you\r\n", body)}));
  ASSERT_EQ(taker.heads.size(), 1);
  EXPECT_EQ(taker.heads[0].status, 418);
  EXPECT_EQ(taker.heads[0].header("x-me"), "you");
  EXPECT_EQ(taker.bytes, body);
}

TEST_F(HttpClientTaker, GetsTheHeadOfAnEmptyAnswer) {
  for (const char* method : {"GET", "HEAD"}) {
    taker = {};
    ASSERT_OK(take({answer_text(200, "", "")}, method));
    ASSERT_EQ(taker.heads.size(), 1) << method;
    EXPECT_EQ(taker.heads[0].header("content-length"), "0");
  }
  taker = {};
  ASSERT_OK(take({"HTTP/1.1 304 Same\r\nETag: \"x\"\r\n\r\n"}));
  EXPECT_EQ(taker.heads.size(), 1);
}

TEST_F(HttpClientTaker, ForgetsAContinueAndTrailers) {
  ASSERT_OK(
      take({"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\nhello\r\n0\r\nX-Late: 1\r\n\r\n"}));
  ASSERT_EQ(taker.heads.size(), 1);
  EXPECT_EQ(taker.heads[0].status, 200);
  EXPECT_EQ(taker.heads[0].headers.size(), 1);
  EXPECT_EQ(taker.bytes, "hello");
}

TEST_F(HttpClientTaker, AShortBodyIsCorrupt) {
  EXPECT_FAILS(Corrupt,
               take({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", Said::Then::Close}));
  EXPECT_EQ(taker.bytes, "hello");
  taker = {};
  EXPECT_FAILS(Corrupt, take({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
                              Said::Then::Close}));
}

TEST_F(HttpClientTaker, FailsWithItsTakersError) {
  taker.fails_at_head = true;
  EXPECT_FAILS(Denied, take({answer_text(200, "", "hello")}));
  taker = {};
  taker.fails_at = 100'000;
  EXPECT_FAILS(StorageFull, take({answer_text(200, "", std::string(3'000'000, 'x'))}));
  EXPECT_LT(taker.bytes.size(), 1'000'000);
}

TEST_F(HttpClientTaker, AHeadHasALimit) {
  wished.most_header_bytes = 100;
  EXPECT_FAILS(TooLarge, take({answer_text(200, "X: " + std::string(100, 'x') + "\r\n", "")}));
  EXPECT_TRUE(taker.heads.empty());
}

TEST_F(HttpClientTaker, WaitsForTheHeadNoLongerThanItMay) {
  wished.answer = milliseconds(50);
  EXPECT_FAILS(Timeout, take({"HTTP/1.1 200 OK\r\n", Said::Then::Silence}));
  EXPECT_TRUE(taker.heads.empty());
}

TEST_F(HttpClientTaker, LeavesAServerThatGoesSilent) {
  wished.silence = milliseconds(50);
  EXPECT_FAILS(Timeout,
               take({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", Said::Then::Silence}));
  EXPECT_EQ(taker.bytes, "hello");
}

TEST_F(HttpClientTaker, ItsCallersDeadlineBoundsAll) {
  const RawServer server([](const Asked&) {
    return Said{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", Said::Then::Silence};
  });
  auto client = Client::make(wished);
  ASSERT_OK(client);
  Context hurried("test", std::chrono::steady_clock::now() + milliseconds(300));
  EXPECT_FAILS(Timeout, (*client)->send(hurried, {.url = server.url("/")}, taker));
  context.cancel();
  EXPECT_FAILS(Cancelled, (*client)->send(context, {.url = server.url("/")}, taker));
}

// It takes longer than an answer may.
TEST_F(HttpClientTaker, ALongBodyHasItsTime) {
  class Slow final : public Taker {
   public:
    Result<void> head(const Response&) override { return {}; }
    Result<void> body(ByteView piece) override {
      bytes += piece.size();
      if (bytes < 200'000) std::this_thread::sleep_for(milliseconds(100));
      return {};
    }
    std::size_t bytes = 0;
  };
  wished.answer = milliseconds(1'000);
  const RawServer server(
      [](const Asked&) { return Said{answer_text(200, "", std::string(1'000'000, 'x'))}; });
  auto client = Client::make(wished);
  ASSERT_OK(client);
  Slow slow;
  EXPECT_OK((*client)->send(context, {.url = server.url("/")}, slow));
  EXPECT_EQ(slow.bytes, 1'000'000);
}

TEST_F(HttpClient, AnAnswerThatIsCutIsUnavailable) {
  const RawServer cut([](const Asked&) {
    return Said{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", Said::Then::Close};
  });
  EXPECT_FAILS(Unavailable, made()->send(context, {.url = cut.url("/")}));
}

}  // namespace
}  // namespace entrepot::http::client
