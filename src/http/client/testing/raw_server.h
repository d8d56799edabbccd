#pragma once
// http/client/testing/raw_server.h — a server for tests that says what it is told to, right or not.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace entrepot::http::client::testing {

// A request as it came, without its body.
struct Asked {
  std::string head;  // all of it, with its last empty line

  std::string method() const;
  std::string target() const;  // with its query
  std::optional<std::string> header(std::string_view name) const;
};

// What is said to it, byte for byte, and what follows.
struct Said {
  enum class Then { NextRequest, Close, Silence };
  std::string bytes;
  Then then = Then::NextRequest;
};

// "HTTP/1.1 200 …" with these lines ("ETag: \"x\"\r\n") and the body's length.
std::string answer_text(int status, std::string_view lines, std::string_view body);

// Answers each request on 127.0.0.1 by `say`, which is called by several threads at once. A thread
// for each connection, until the server ends.
class RawServer {
 public:
  explicit RawServer(std::function<Said(const Asked&)> say);  // dies when it cannot listen
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view target = "") const;  // "http://localhost:<port><target>"

 private:
  void accept_all();
  void serve(int descriptor);

  const std::function<Said(const Asked&)> say_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  Mutex mutex_;
  bool ended_ ENTREPOT_GUARDED_BY(mutex_) = false;
  std::vector<int> open_ ENTREPOT_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ENTREPOT_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

}  // namespace entrepot::http::client::testing
