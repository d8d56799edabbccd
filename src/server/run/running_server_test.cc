#include "server/run/running_server.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"
#include "http/server/testing/certificate.h"
#include "http/server/testing/client.h"
#include "http/server/testing/test_server.h"
#include "meta/sqlite/store.h"
#include "server/run/data_directory.h"

namespace entrepot::server {
namespace {

using http::server::testing::Client;
using http::server::testing::request_text;

// Begins an upload, and a chunk of 4 bytes of which 2 come.
bool send_half_a_chunk(Client& client) {
  const auto begun = client.exchange(request_text("POST", "/v2/a/blobs/uploads/"));
  return client.send(
      fmt::format("PATCH {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab",
                  begun.header("location")));
}

class RunningServerTest : public ::testing::Test {
 protected:
  RunningServerTest() {
    configuration_.options = initial_options();
    configuration_.options.data = temporary_ / "data";
    configuration_.options.http_listen = {{"127.0.0.1", 0}};
    configuration_.options.access_log_enabled = false;
    configuration_.options.workers_loops = 1;
  }
  Result<std::unique_ptr<RunningServer>> start() {
    return RunningServer::start(context_, configuration_, Clock::system());
  }
  static std::uint16_t port_of(const std::string& url) {
    return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
  }
  static std::uint16_t port_of(const RunningServer& server) { return port_of(server.urls().at(0)); }

  static void write_file(const std::filesystem::path& path, std::string_view text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  Context context_;
  const testing::TemporaryDirectory temporary_;
  Configuration configuration_;
};

TEST_F(RunningServerTest, AnswersOnEveryAddress) {
  configuration_.options.http_listen = {{"127.0.0.1", 0}, {"127.0.0.1", 0}};
  const auto server = start();
  ASSERT_OK(server);
  ASSERT_EQ((*server)->urls().size(), 2u);
  for (const std::string& url : (*server)->urls()) {
    EXPECT_TRUE(url.starts_with("http://127.0.0.1:")) << url;
    EXPECT_EQ(Client(port_of(url)).get("/v2/").status, 200) << url;
    EXPECT_EQ(Client(port_of(url)).get("/readyz").status, 200) << url;
  }
}

TEST_F(RunningServerTest, WhatWasPushedIsThereAfterARestart) {
  const std::string digest =
      "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  {
    const auto server = start();
    ASSERT_OK(server);
    Client client(port_of(**server));
    const auto pushed =
        client.exchange(request_text("POST", "/v2/a/blobs/uploads/?digest=" + digest, "", "hello"));
    EXPECT_EQ(pushed.status, 201) << pushed.body;
    (*server)->stop();
  }
  const auto server = start();
  ASSERT_OK(server);
  Client client(port_of(**server));
  EXPECT_EQ(client.get("/v2/a/blobs/" + digest).body, "hello");
}

// The key of upload locations is kept with the data.
TEST_F(RunningServerTest, UploadsGoOnAfterARestart) {
  std::string location;
  {
    const auto server = start();
    ASSERT_OK(server);
    Client client(port_of(**server));
    const auto begun = client.exchange(request_text("POST", "/v2/a/blobs/uploads/", ""));
    const auto more = client.exchange(request_text("PATCH", begun.header("location"), "", "hel"));
    EXPECT_EQ(more.status, 202);
    location = more.header("location");
  }
  const auto server = start();
  ASSERT_OK(server);
  const auto status = Client(port_of(**server)).get(location);
  EXPECT_EQ(status.status, 204);
  EXPECT_EQ(status.header("range"), "0-2");
}

TEST_F(RunningServerTest, ASecondServerRefusesTheDirectory) {
  const auto first = start();
  ASSERT_OK(first);
  const auto second = start();
  EXPECT_FAILS(Conflict, second);
  EXPECT_NE(second.error().message.find("in use by another entrepot"), std::string::npos);
  EXPECT_EQ(Client(port_of(**first)).get("/v2/").status, 200);
}

TEST_F(RunningServerTest, ATakenPortIsNamed) {
  const auto first = start();
  ASSERT_OK(first);
  configuration_.options.data = temporary_ / "other";
  configuration_.options.http_listen = {{"127.0.0.1", port_of(**first)}};
  const auto second = start();
  EXPECT_FAILS(Unavailable, second);
  EXPECT_NE(second.error().message.find(fmt::format("127.0.0.1:{}", port_of(**first))),
            std::string::npos)
      << second.error().message;
}

TEST_F(RunningServerTest, OthersAddressesNeedAnAccountOrToBeMeant) {
  configuration_.options.http_listen = {{"0.0.0.0", 0}};
  const auto has_account = [&] {
    meta::sqlite::SqliteStore::Options options;
    options.path = DataDirectory::metadata_path_of(configuration_.options.data);
    const auto store = meta::sqlite::SqliteStore::open(options, Clock::system()).value();
    Context context;
    return store
        ->view<bool>(context,
                     [](const meta::Snapshot& snapshot) { return snapshot.accounts().any(); })
        .value();
  };
  configuration_.options.open = true;
  ASSERT_OK(start());
  EXPECT_FALSE(has_account());
  configuration_.options.open = false;
  ASSERT_OK(start());
  EXPECT_TRUE(has_account());
}

TEST_F(RunningServerTest, LostMetadataRefusesToStart) {
  ASSERT_OK(start());
  for (const char* end : {"", "-wal", "-shm"}) {
    std::filesystem::remove(configuration_.options.data + "/entrepot/meta.db" + end);
  }
  EXPECT_FAILS(Conflict, start());
}

TEST_F(RunningServerTest, StopWaitsForRunningExchanges) {
  auto server = start();
  ASSERT_OK(server);
  Client client(port_of(**server));
  ASSERT_TRUE(send_half_a_chunk(client));
  Client idle(port_of(**server));
  ASSERT_TRUE(idle.connected());
  std::thread stopping([&] { (*server)->stop(); });
  EXPECT_TRUE(idle.ended()) << "who has nothing to say is let go at once";
  ASSERT_TRUE(client.send("cd"));
  EXPECT_EQ(client.receive().status, 202);
  stopping.join();
}

TEST_F(RunningServerTest, StopDoesNotWaitForever) {
  configuration_.options.http_drain_timeout = std::chrono::milliseconds(50);
  auto server = start();
  ASSERT_OK(server);
  Client client(port_of(**server));
  ASSERT_TRUE(send_half_a_chunk(client));
  (*server)->stop();
  EXPECT_TRUE(client.ended());
}

TEST_F(RunningServerTest, SpeaksHttpsWithACertificate) {
  const auto files = http::server::testing::write_certificate(temporary_.path(), "localhost");
  configuration_.options.http_tls_certificate = files.certificate_path;
  configuration_.options.http_tls_key = files.key_path;
  const auto server = start();
  ASSERT_OK(server);
  EXPECT_TRUE((*server)->urls().at(0).starts_with("https://127.0.0.1:"));
  EXPECT_EQ(Client(port_of(**server), Client::Kind::Tls).get("/v2/").status, 200);

  // A broken renewal does not take the server down.
  write_file(files.certificate_path, "not a certificate");
  (*server)->reload_certificate();
  EXPECT_EQ(Client(port_of(**server), Client::Kind::Tls).get("/v2/").status, 200);
}

TEST_F(RunningServerTest, AWrongCertificateStopsTheStart) {
  configuration_.options.http_tls_certificate = temporary_ / "missing.pem";
  configuration_.options.http_tls_key = temporary_ / "missing-key.pem";
  const auto server = start();
  EXPECT_FAILS(InvalidArgument, server);
  EXPECT_NE(server.error().message.find("missing.pem"), std::string::npos);
}

TEST_F(RunningServerTest, ReadOnlyAndDeletesFollowTheOptions) {
  configuration_.options.storage_delete = false;
  {
    const auto server = start();
    ASSERT_OK(server);
    Client client(port_of(**server));
    EXPECT_EQ(client.exchange(request_text("DELETE", "/v2/a/manifests/latest")).status, 405);
    EXPECT_EQ(client.exchange(request_text("POST", "/v2/a/blobs/uploads/")).status, 202);
  }
  configuration_.options.storage_read_only = true;
  const auto server = start();
  ASSERT_OK(server);
  Client client(port_of(**server));
  EXPECT_EQ(client.exchange(request_text("POST", "/v2/a/blobs/uploads/")).status, 405);
  EXPECT_EQ(client.get("/v2/").status, 200);
}

TEST_F(RunningServerTest, PrefixAndHeadersFollowTheOptions) {
  configuration_.options.http_prefix = "/registry/";
  configuration_.options.http_headers = {{"X-Test", "yes"}};
  const auto server = start();
  ASSERT_OK(server);
  Client client(port_of(**server));
  const auto begun = client.exchange(request_text("POST", "/registry/v2/a/blobs/uploads/"));
  EXPECT_EQ(begun.status, 202);
  EXPECT_TRUE(begun.header("location").starts_with("/registry/v2/a/blobs/uploads/"));
  EXPECT_EQ(begun.header("x-test"), "yes");
  EXPECT_EQ(client.get("/v2/").status, 404);
}

TEST_F(RunningServerTest, DebugAddressesAnswerOperationsAlone) {
  // Port 0 would not tell which it became, so a port that was free a moment ago is asked for.
  {
    const auto server = start();
    ASSERT_OK(server);
    configuration_.options.debug_listen = {{"127.0.0.1", port_of(**server)}};
  }
  configuration_.options.debug_metrics_path = "/numbers";
  const auto server = start();
  ASSERT_OK(server);
  Client client(configuration_.options.debug_listen.front().port);
  EXPECT_EQ(client.get("/healthz").status, 200);
  EXPECT_EQ(client.get("/readyz").status, 200);
  EXPECT_NE(client.get("/numbers").body.find("entrepot_http_requests_total"), std::string::npos);
  EXPECT_EQ(client.get("/v2/").status, 404);
}

// Everything of the older registry is there when the first answer is.
TEST_F(RunningServerTest, TakesOverADirectoryOfDistributions) {
  const std::string hex = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  const std::string root = configuration_.options.data + "/docker/registry/v2/";
  write_file(root + "blobs/sha256/2c/" + hex + "/data", "hello");
  write_file(root + "repositories/old/app/_layers/sha256/" + hex + "/link", "sha256:" + hex);
  const auto server = start();
  ASSERT_OK(server);
  Client client(port_of(**server));
  EXPECT_EQ(client.get("/v2/old/app/blobs/sha256:" + hex).body, "hello");
  EXPECT_TRUE(std::filesystem::exists(root + "repositories.adopted"));
}

TEST_F(RunningServerTest, CancelledStartEnds) {
  context_.cancel();
  const auto server = start();
  EXPECT_TRUE(!server || (*server)->urls().size() == 1);
}

// "# HELP name text" and "# TYPE name type" of everything that a server reports, as the page has
// it.
std::string metrics_table(const metrics::Registry& metrics) {
  std::string table = "| metric | type | what it tells |\n| --- | --- | --- |\n";
  std::istringstream lines(metrics.to_text());
  std::string name, help;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, what, type;
    words >> hash >> what >> name;
    if (hash != "#") continue;
    if (what == "HELP") {
      std::getline(words >> std::ws, help);
    } else if (words >> type) {
      table += fmt::format("| `{}` | {} | {} |\n", name, type, help);
    }
  }
  return table;
}

TEST_F(RunningServerTest, ReferencePageListsEveryMetric) {
  configuration_.options.access_log_enabled = true;
  configuration_.options.mirror_root = "docker.io";
  const auto server = start();
  ASSERT_OK(server);
  std::ifstream file("docs/reference/metrics.md");
  std::stringstream page;
  page << file.rdbuf();
  const std::string table = metrics_table((*server)->metrics());
  for (const std::string& name : (*server)->metrics().names()) {
    EXPECT_NE(table.find(fmt::format("| `{}` |", name)), std::string::npos) << name;
  }
  EXPECT_TRUE(page.str().ends_with(table)) << "docs/reference/metrics.md has to end with\n"
                                           << table;
}

}  // namespace
}  // namespace entrepot::server
