#include "http/client/testing/raw_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/check.h"
#include "http/message.h"

namespace entrepot::http::client::testing {
namespace {

constexpr std::string_view kEnd = "\r\n\r\n";

std::string word(const std::string& head, std::size_t index) {
  std::size_t begin = 0;
  for (; index > 0; --index) begin = head.find(' ', begin) + 1;
  return head.substr(begin, head.find_first_of(" \r", begin) - begin);
}

// The next head, out of what was read; nothing at the end.
std::optional<std::string> next_head(int descriptor, std::string& read) {
  while (read.find(kEnd) == std::string::npos) {
    std::array<char, 4096> buffer;
    const ssize_t got = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    if (got <= 0) return std::nullopt;
    read.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const std::size_t size = read.find(kEnd) + kEnd.size();
  std::string head = read.substr(0, size);
  read.erase(0, size);
  return head;
}

bool send_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

std::string Asked::method() const { return word(head, 0); }
std::string Asked::target() const { return word(head, 1); }

std::optional<std::string> Asked::header(std::string_view name) const {
  for (std::size_t at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at)) {
    at += 2;
    const std::string line = head.substr(at, head.find("\r\n", at) - at);
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    if (equals_ignoring_case(line.substr(0, colon), name)) return line.substr(colon + 2);
  }
  return std::nullopt;
}

std::string answer_text(int status, std::string_view lines, std::string_view body) {
  return fmt::format("HTTP/1.1 {} Whatever\r\n{}Content-Length: {}\r\n\r\n{}", status, lines,
                     body.size(), body);
}

RawServer::RawServer(std::function<Said(const Asked&)> say) : say_(std::move(say)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  CHECK(::bind(listener_, any, size) == 0);
  CHECK(::listen(listener_, 64) == 0);
  CHECK(::getsockname(listener_, any, &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

RawServer::~RawServer() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    ended_ = true;
    for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const MutexLock lock(mutex_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  ::close(listener_);
}

std::string RawServer::url(std::string_view target) const {
  return fmt::format("http://localhost:{}{}", port_, target);
}

void RawServer::accept_all() {
  while (true) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;
    const MutexLock lock(mutex_);
    if (ended_) {
      ::close(descriptor);
      return;
    }
    open_.push_back(descriptor);
    threads_.emplace_back([this, descriptor] { serve(descriptor); });
  }
}

void RawServer::serve(int descriptor) {
  std::string read;
  while (auto head = next_head(descriptor, read)) {
    const Said said = say_(Asked{*std::move(head)});
    if (!send_all(descriptor, said.bytes) || said.then == Said::Then::Close) break;
    if (said.then == Said::Then::Silence) {
      while (next_head(descriptor, read)) {
      }
    }
  }
  const MutexLock lock(mutex_);
  std::erase(open_, descriptor);
  ::close(descriptor);
}

}  // namespace entrepot::http::client::testing
