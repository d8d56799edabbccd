#include "http/server/testing/client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <utility>

#include <openssl/ssl.h>

namespace entrepot::http::server::testing {
namespace {

constexpr timeval kPatience{10, 0};

int connect_to(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return descriptor;
  }
  ::close(descriptor);
  return -1;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

}  // namespace

Client::Client(std::uint16_t port, Kind kind) : descriptor_(connect_to(port)) {
  if (kind == Kind::Plain || descriptor_ < 0) return;
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  tls_context_ = ::SSL_CTX_new(::TLS_client_method());
  tls_ = ::SSL_new(tls_context_);
  ::SSL_set_fd(tls_, descriptor_);
  if (::SSL_connect(tls_) != 1) close();
}

Client::~Client() {
  close();
  ::SSL_free(tls_);
  ::SSL_CTX_free(tls_context_);
}

std::string Client::server_common_name() const {
  if (tls_ == nullptr) return {};
  const std::unique_ptr<X509, decltype(&::X509_free)> certificate(::SSL_get1_peer_certificate(tls_),
                                                                  ::X509_free);
  char name[64] = "";
  ::X509_NAME_get_text_by_NID(::X509_get_subject_name(certificate.get()), NID_commonName, name,
                              sizeof name);
  return name;
}

bool Client::was_told_the_end() const {
  return (::SSL_get_shutdown(tls_) & SSL_RECEIVED_SHUTDOWN) != 0;
}

std::string Client::tls_version() const { return tls_ == nullptr ? "" : ::SSL_get_version(tls_); }

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = tls_ != nullptr
                          ? ::SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                          : ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Client::is_readable() const {
  char byte = 0;
  return ::recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

bool Client::fill() {
  char piece[64 << 10];
  const auto got = tls_ != nullptr ? ::SSL_read(tls_, piece, sizeof piece)
                                   : ::recv(descriptor_, piece, sizeof piece, 0);
  if (got <= 0) return false;
  buffer_.append(piece, static_cast<std::size_t>(got));
  return true;
}

Answer Client::receive(bool to_head_request) {
  Answer answer;
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return answer;
  }
  std::string_view head = std::string_view(buffer_).substr(0, end + 2);
  answer.status = std::atoi(std::string(head.substr(head.find(' ') + 1, 3)).c_str());
  for (;;) {
    head.remove_prefix(head.find("\r\n") + 2);
    if (head.empty()) break;
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t colon = line.find(':');
    answer.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
  }
  buffer_.erase(0, end + 4);
  const std::string length = answer.header("content-length");
  const std::size_t size =
      to_head_request || length.empty() ? 0 : std::strtoull(length.c_str(), nullptr, 10);
  answer.body = read(size);
  answer.whole = answer.body.size() == size;
  return answer;
}

Answer Client::get(std::string_view target, std::string_view more_headers) {
  return exchange(request_text("GET", target, more_headers));
}

std::string Client::read(std::size_t size) {
  while (buffer_.size() < size && fill()) {
  }
  std::string result = buffer_.substr(0, size);
  buffer_.erase(0, result.size());
  return result;
}

std::string Client::read_to_end() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

void Client::shut_down_sending() { ::shutdown(descriptor_, SHUT_WR); }

void Client::reset() {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void Client::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

std::string request_text(std::string_view method, std::string_view target,
                         std::string_view more_headers, std::string_view body) {
  std::string text;
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
  text.append(more_headers);
  if (!body.empty()) text.append("Content-Length: ").append(std::to_string(body.size()) + "\r\n");
  return text.append("\r\n").append(body);
}

}  // namespace entrepot::http::server::testing
