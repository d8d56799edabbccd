#pragma once
// http/server/testing/server_fixture.h — a server on a free port, for tests through real sockets.

#include <sys/mman.h>
#include <unistd.h>

#include <memory>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "base/testing/assert_ok.h"
#include "http/server/server.h"
#include "http/server/testing/client.h"
#include "http/server/testing/test_server.h"

namespace entrepot::http::server::testing {

class ServerFixture : public ::testing::Test {
 protected:
  // Before a test's own members, which handlers may use.
  void TearDown() override { server.reset(); }

  // `limits` and the like may be set in `options` before.
  void start(std::shared_ptr<TlsContext> tls = nullptr) {
    options.workers = &workers;
    options.finishers = &finishers;
    handler.finishers = &finishers;
    if (options.loops == 0) options.loops = 2;
    options.data_threads = 2;
    options.metrics = &metrics;
    auto opened = Server::open(options, handler);
    ASSERT_OK(opened);
    server = *std::move(opened);
    auto bound = server->listen("127.0.0.1", 0, std::move(tls));
    ASSERT_OK(bound);
    port = *bound;
  }

  // `path` answers `body` from memory.
  void answer_in_memory(const std::string& path, std::string body) {
    handler.in_memory[path] =
        [bytes = std::make_shared<const std::string>(std::move(body))](const Request&) {
          Response response;
          response.body = Source(bytes);
          return response;
        };
  }

  // `path` takes a body into `record`.
  void take_body(const std::string& path, std::uint64_t limit_bytes = UINT64_MAX) {
    handler.on_worker[path] = [this, limit_bytes](Context&, const Request&) -> Reply {
      return Receive{std::make_unique<RecordingSink>(record), limit_bytes};
    };
  }

  ServerOptions options;
  metrics::Registry metrics;
  ScriptedHandler handler;
  std::shared_ptr<RecordingSink::Record> record = std::make_shared<RecordingSink::Record>();
  Executor workers{{"worker", 4, 64}};
  Executor finishers{{"finisher", 2, 64}};
  std::unique_ptr<Server> server;
  std::uint16_t port = 0;
};

// An open file with these bytes, in memory and without a name.
inline std::shared_ptr<const OpenFile> make_file(const std::string& contents) {
  const int descriptor = ::memfd_create("entrepot-http-test", MFD_CLOEXEC);
  std::size_t done = 0;
  while (done < contents.size()) {
    const ssize_t wrote = ::write(descriptor, contents.data() + done, contents.size() - done);
    if (wrote <= 0) return nullptr;
    done += static_cast<std::size_t>(wrote);
  }
  return std::make_shared<const OpenFile>(descriptor);
}

// Bytes that do not repeat where a bug would repeat them.
inline std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 12345;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

}  // namespace entrepot::http::server::testing
