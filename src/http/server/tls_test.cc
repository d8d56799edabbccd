#include "http/server/tls.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

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
using testing::write_certificate;

class TlsTest : public testing::ServerFixture {
 protected:
  void SetUp() override {
    files = write_certificate(folder, "first");
    answer_in_memory("/hello", "hello\n");
    take_body("/upload");
  }
  void start_tls() {
    auto opened = TlsContext::open(files);
    ASSERT_OK(opened);
    context = *opened;
    start(context);
  }

  const entrepot::testing::TemporaryDirectory directory;
  const std::string& folder = directory.path();
  TlsOptions files;
  std::shared_ptr<TlsContext> context;
};

constexpr auto kTls = Client::Kind::Tls;

TEST_F(TlsTest, ServesLikePlainHttp) {
  handler.on_worker["/worker"] = [](Context&, const Request& request) -> Reply {
    return Response::text(200, "text/plain", request.peer().tls ? "tls" : "plain");
  };
  start_tls();
  Client client(port, kTls);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.get("/hello").body, "hello\n");
    EXPECT_EQ(client.get("/worker").body, "tls");
  }
  EXPECT_EQ(client.tls_version(), "TLSv1.3");
  std::string all;
  for (int i = 0; i < 20; ++i) all += request_text("GET", i % 2 ? "/hello" : "/worker");
  ASSERT_TRUE(client.send(all));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.receive().body, i % 2 ? "hello\n" : "tls");
}

TEST_F(TlsTest, MovesLargeBodiesBothWays) {
  const std::string contents = pattern(12'345'678);
  answer_in_memory("/memory", contents);
  handler.on_worker["/file"] = [&, file = testing::make_file(contents)](Context&,
                                                                        const Request&) -> Reply {
    Response response;
    response.body = Source(FileRange{file, {0, contents.size()}});
    return response;
  };
  handler.on_worker["/range"] = [file = testing::make_file(contents)](Context&,
                                                                      const Request&) -> Reply {
    Response response;
    response.body = Source(FileRange{file, {777, 10'000}});
    return response;
  };
  start_tls();
  Client client(port, kTls);
  EXPECT_TRUE(client.get("/memory").body == contents);
  EXPECT_TRUE(client.get("/file").body == contents);
  EXPECT_TRUE(client.get("/range").body == contents.substr(777, 10'000));
  EXPECT_EQ(client.exchange(request_text("PUT", "/upload", "", contents)).status, 201);
  EXPECT_TRUE(record->seen().body == contents);
  EXPECT_EQ(client.get("/hello").body, "hello\n");
}

TEST_F(TlsTest, SlowReadersGetEveryByte) {
  const std::string contents = pattern(8'000'000);
  answer_in_memory("/memory", contents);
  handler.on_worker["/file"] = [&, file = testing::make_file(contents)](Context&,
                                                                        const Request&) -> Reply {
    Response response;
    response.body = Source(FileRange{file, {0, contents.size()}});
    return response;
  };
  start_tls();
  for (const char* path : {"/memory", "/file"}) {
    Client client(port, kTls);
    ASSERT_TRUE(client.send(request_text("GET", path, "Connection: close\r\n")));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_TRUE(client.receive().body == contents);
    EXPECT_TRUE(client.ended());
  }
}

TEST_F(TlsTest, ManyAtOnce) {
  const std::string contents = pattern(1'000'000);
  handler.on_worker["/file"] = [&, file = testing::make_file(contents)](Context&,
                                                                        const Request&) -> Reply {
    Response response;
    response.body = Source(FileRange{file, {0, contents.size()}});
    return response;
  };
  start_tls();
  std::vector<std::thread> clients;
  std::atomic<int> good = 0;
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([&] {
      Client client(port, kTls);
      if (client.get("/file").body == contents && client.get("/hello").body == "hello\n") ++good;
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, 16);
}

TEST_F(TlsTest, TellsAPlainClientWhatToDo) {
  start_tls();
  Client plain(port);
  const Answer answer = plain.get("/hello");
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("https://"), std::string::npos);
  EXPECT_TRUE(plain.ended());
}

TEST_F(TlsTest, ClientsThatSpeakNonsenseOrNothingAreDropped) {
  options.limits.idle = std::chrono::seconds(1);
  start_tls();
  Client silent(port);
  Client nonsense(port);
  ASSERT_TRUE(nonsense.send("\x16\x03\x01nonsense nonsense nonsense nonsense nonsense"));
  nonsense.read_to_end();  // an alert, perhaps
  EXPECT_TRUE(silent.ended());
  EXPECT_EQ(Client(port, kTls).get("/hello").status, 200);
}

TEST_F(TlsTest, AHandshakeIsWholeInTime) {
  options.limits.head = std::chrono::milliseconds(500);
  start_tls();
  Client half(port);
  Client half_head(port, kTls);
  ASSERT_TRUE(half.send("\x16\x03\x01\x02"));
  ASSERT_TRUE(half_head.send("GET /hel"));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(half.ended());
  EXPECT_EQ(half_head.receive().status, 408);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(9));
}

// Neither those that say nothing nor those that begin and stop.
TEST_F(TlsTest, AFloodOfHandshakesKeepsNobodyOut) {
  options.limits.connections = 20;
  start_tls();
  std::vector<std::unique_ptr<Client>> others;
  for (int i = 0; i < 120; ++i) {
    others.push_back(std::make_unique<Client>(port));
    if (i % 2 == 0) others.back()->send("\x16\x03\x01\x02");
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(Client(port, kTls).get("/hello").status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(9));
}

// Without that a client cannot tell an end from an attacker who cut the connection.
TEST_F(TlsTest, AnIdleConnectionIsToldThatItEnds) {
  options.limits.idle = std::chrono::seconds(1);
  start_tls();
  Client client(port, kTls);
  EXPECT_EQ(client.get("/hello").status, 200);
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(client.was_told_the_end());
}

TEST_F(TlsTest, ANewCertificateIsTakenUpWithoutDroppingConnections) {
  start_tls();
  Client old_one(port, kTls);
  EXPECT_EQ(old_one.server_common_name(), "first");
  EXPECT_FALSE(context->stale());
  write_certificate(folder, "second");
  EXPECT_TRUE(context->stale());
  EXPECT_TRUE(eventually([&] { return Client(port, kTls).server_common_name() == "second"; }));
  EXPECT_FALSE(context->stale());
  EXPECT_EQ(old_one.get("/hello").status, 200);
}

TEST_F(TlsTest, ABadNewCertificateLeavesTheOldOneInUse) {
  start_tls();
  std::ofstream(files.certificate_path) << "not a certificate";
  EXPECT_FAILS(InvalidArgument, context->reload());
  EXPECT_FALSE(context->stale()) << "it is not tried again before it changes";
  EXPECT_EQ(Client(port, kTls).server_common_name(), "first");
  write_certificate(folder, "third");
  EXPECT_OK(context->reload());
  EXPECT_EQ(Client(port, kTls).server_common_name(), "third");
}

TEST_F(TlsTest, SaysWhichFileIsWrong) {
  const auto message = [](const TlsOptions& tls) {
    const auto opened = TlsContext::open(tls);
    EXPECT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::InvalidArgument);
    return opened.error().message;
  };
  TlsOptions wrong = files;
  wrong.certificate_path = folder + "/absent.pem";
  EXPECT_NE(message(wrong).find("absent.pem: No such file"), std::string::npos);
  wrong = files;
  wrong.key_path = files.certificate_path;
  EXPECT_NE(message(wrong).find("no PEM private key"), std::string::npos);
  wrong = files;
  wrong.certificate_path = files.key_path;
  EXPECT_NE(message(wrong).find("no PEM certificate"), std::string::npos);
  std::filesystem::create_directory(folder + "/other");
  wrong = files;
  wrong.key_path = write_certificate(folder + "/other", "other").key_path;
  EXPECT_NE(message(wrong).find("not that of the certificate"), std::string::npos);
}

TEST_F(TlsTest, AnExpiredCertificateIsUsedAllTheSame) {
  write_certificate(folder, "expired", -10);
  start_tls();
  EXPECT_EQ(Client(port, kTls).server_common_name(), "expired");
}

}  // namespace
}  // namespace entrepot::http::server
