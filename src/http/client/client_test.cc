#include "http/client/client.h"

#include <thread>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"
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

}  // namespace
}  // namespace entrepot::http::client
