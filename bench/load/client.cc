#include "load/client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <openssl/err.h>

#include "base/check.h"

namespace entrepot::bench {
namespace {

constexpr std::size_t kPiece = 256 << 10;

// The value of a header in a head, or "". Names are compared without case.
std::string_view header(std::string_view head, std::string_view name) {
  std::size_t at = 0;
  while ((at = head.find("\r\n", at)) != head.npos) {
    at += 2;
    const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        strncasecmp(line.data(), name.data(), name.size()) == 0) {
      std::string_view value = line.substr(name.size() + 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      return value;
    }
  }
  return {};
}

// The path and query of a URL.
std::string_view path_of(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != url.npos) {
    url.remove_prefix(scheme + 3);
    url.remove_prefix(std::min(url.find('/'), url.size()));
  }
  return url;
}

}  // namespace

Client::Client(const Target& target) : target_(target) { connect(); }

Client::~Client() { close(); }

void Client::close() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  ssl_ = nullptr;
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void Client::connect() {
  close();
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  CHECK(descriptor_ >= 0);
  ++sockets_;
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target_.port);
  ::inet_pton(AF_INET, target_.host.c_str(), &address.sin_addr);
  ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address);
  if (target_.tls != nullptr) {
    ssl_ = SSL_new(target_.tls);
    SSL_set_fd(ssl_, descriptor_);
    SSL_set_connect_state(ssl_);
    tls_wants_write_ = true;  // until the socket is connected
  }
  phase_ = Phase::Connecting;
  in_.clear();
}

unsigned Client::wants() const {
  if (ssl_ != nullptr && tls_wants_write_) return EPOLLOUT;
  if (phase_ == Phase::Connecting && ssl_ == nullptr) return EPOLLOUT;
  if (phase_ == Phase::Sending) return EPOLLOUT;
  return EPOLLIN;
}

void Client::begin(const Transaction& transaction) {
  transaction_ = &transaction;
  step_ = 0;
  location_.clear();
  begin_step();
}

void Client::begin_step() {
  const Step& step = (*transaction_)[step_];
  std::string target = step.target;
  constexpr std::string_view kLocation = "@location";
  if (target.starts_with(kLocation)) {
    std::string rest = target.substr(kLocation.size());
    const bool query = location_.find('?') != location_.npos;
    if (!rest.empty() && rest[0] == '?' && query) rest[0] = '&';
    target = location_ + rest;
  }
  const std::uint64_t length = step.fill_bytes > 0 ? step.fill_bytes : step.text.size();
  out_ = fmt::format("{} {} HTTP/1.1\r\nHost: {}:{}\r\n{}", step.method, target, target_.host,
                     target_.port, step.headers);
  if (step.method != "GET" && step.method != "HEAD") {
    out_ += fmt::format("Content-Length: {}\r\n", length);
  }
  out_ += "\r\n" + step.text;
  out_done_ = fill_from_ = fill_to_ = 0;
  if (step.fill_bytes > 0) {
    out_ += step.stamp;
    fill_from_ = std::min<std::uint64_t>(step.stamp.size(), step.fill_bytes);
    fill_to_ = step.fill_bytes;
  }
  hasher_.reset();
  if (!step.sha256.empty()) hasher_.emplace(crypto::HashAlgorithm::Sha256);
  if (phase_ != Phase::Connecting) phase_ = Phase::Sending;
}

long Client::write_some(const char* data, std::size_t size) {
  if (ssl_ == nullptr) {
    const ssize_t sent = ::send(descriptor_, data, size, MSG_NOSIGNAL);
    return sent >= 0 ? sent : (errno == EAGAIN ? 0 : -1);
  }
  std::size_t sent = 0;
  if (SSL_write_ex(ssl_, data, size, &sent) == 1) return static_cast<long>(sent);
  const int error = SSL_get_error(ssl_, 0);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

// 0: nothing to read now; -1: the connection is gone. Bytes that nobody looks at are dropped inside
// the kernel, so that the client costs little beside the server.
long Client::read_some(char* data, std::size_t size, bool discard) {
  if (ssl_ == nullptr) {
    const ssize_t got = ::recv(descriptor_, data, size, discard ? MSG_TRUNC : 0);
    return got > 0 ? got : (got < 0 && errno == EAGAIN ? 0 : -1);
  }
  std::size_t got = 0;
  if (SSL_read_ex(ssl_, data, size, &got) == 1) return static_cast<long>(got);
  const int error = SSL_get_error(ssl_, 0);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

Client::Progress Client::shake() {
  if (ssl_ == nullptr) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return Progress::Failed;
    phase_ = Phase::Sending;
    return Progress::Done;
  }
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  if (done == 1) {
    tls_wants_write_ = false;
    phase_ = Phase::Sending;
    return Progress::Done;
  }
  const int error = SSL_get_error(ssl_, done);
  tls_wants_write_ = error == SSL_ERROR_WANT_WRITE;
  const bool waits = error == SSL_ERROR_WANT_READ || tls_wants_write_;
  return waits ? Progress::Blocked : Progress::Failed;
}

Client::Progress Client::send_all(Tally& tally) {
  while (out_done_ < out_.size()) {
    const long sent = write_some(out_.data() + out_done_, out_.size() - out_done_);
    if (sent <= 0) return sent == 0 ? Progress::Blocked : Progress::Failed;
    out_done_ += static_cast<std::size_t>(sent);
  }
  while (fill_from_ < fill_to_) {
    const std::size_t piece = std::min<std::uint64_t>(kPiece, fill_to_ - fill_from_);
    const long sent = write_some(target_.fill.data() + fill_from_, piece);
    if (sent <= 0) return sent == 0 ? Progress::Blocked : Progress::Failed;
    fill_from_ += static_cast<std::uint64_t>(sent);
    tally.sent_bytes += static_cast<std::uint64_t>(sent);
  }
  phase_ = Phase::Head;
  return Progress::Done;
}

bool Client::parse_head() {
  const std::size_t end = in_.find("\r\n\r\n");
  if (end == in_.npos) return false;
  const std::string_view head = std::string_view(in_).substr(0, end + 2);
  status_ = std::atoi(head.substr(std::min<std::size_t>(9, head.size())).data());
  body_left_ = 0;
  const std::string_view length = header(head, "Content-Length");
  std::from_chars(length.data(), length.data() + length.size(), body_left_);
  const std::string& method = (*transaction_)[step_].method;
  const bool bodiless = method == "HEAD" || status_ == 204 || status_ == 304;
  if (bodiless) body_left_ = 0;
  chunked_ = !bodiless && header(head, "Transfer-Encoding").starts_with("chunked");
  close_after_ = header(head, "Connection") == "close";
  if (const auto location = header(head, "Location"); !location.empty()) {
    location_ = path_of(location);
  }
  in_.erase(0, end + 4);
  return true;
}

Client::Progress Client::receive_head() {
  char buffer[16 << 10];
  while (!parse_head()) {
    const long got = read_some(buffer, sizeof buffer, false);
    if (got <= 0) return got == 0 ? Progress::Blocked : Progress::Failed;
    in_.append(buffer, static_cast<std::size_t>(got));
  }
  phase_ = Phase::Body;
  return Progress::Done;
}

Client::Progress Client::receive_body(Tally& tally) {
  for (;;) {
    const Progress piece = receive_piece(tally);
    if (piece != Progress::Done || !chunked_) return piece;
    const Progress size = receive_chunk_size();
    if (size != Progress::Done) return size;
  }
}

// The size of the next chunk goes to body_left_; after the last one, the body is no longer chunked.
Client::Progress Client::receive_chunk_size() {
  char buffer[16 << 10];
  for (;;) {
    const std::size_t from = in_.starts_with("\r\n") ? 2 : 0;  // the end of the chunk before it
    const std::size_t end = in_.find("\r\n", from);
    const bool last = in_.compare(from, 3, "0\r\n") == 0;
    const std::size_t wanted = end + (last ? 4 : 2);  // no trailers
    if (end != in_.npos && in_.size() >= wanted) {
      const auto parsed = std::from_chars(in_.data() + from, in_.data() + end, body_left_, 16);
      if (parsed.ec != std::errc()) return Progress::Failed;
      in_.erase(0, wanted);
      chunked_ = !last;
      return Progress::Done;
    }
    const long got = read_some(buffer, sizeof buffer, false);
    if (got <= 0) return got == 0 ? Progress::Blocked : Progress::Failed;
    in_.append(buffer, static_cast<std::size_t>(got));
  }
}

// What is left of the body, or of the chunk.
Client::Progress Client::receive_piece(Tally& tally) {
  const auto take = [&](std::string_view piece) {
    if (hasher_) hasher_->update(piece);
    body_left_ -= piece.size();
    tally.received_bytes += piece.size();
  };
  const std::size_t here = std::min<std::uint64_t>(in_.size(), body_left_);
  take(std::string_view(in_).substr(0, here));
  in_.erase(0, here);
  static thread_local std::string buffer(kPiece, '\0');
  while (body_left_ > 0) {
    const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), body_left_);
    const long got = read_some(buffer.data(), wanted, !hasher_ && !target_.reads);
    if (got <= 0) return got == 0 ? Progress::Blocked : Progress::Failed;
    take(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
  }
  return Progress::Done;
}

bool Client::fail(Tally& tally, std::string why) {
  ++tally.errors;
  if (tally.first_error.empty()) tally.first_error = std::move(why);
  transaction_ = nullptr;
  connect();
  return true;
}

bool Client::step_ended(Tally& tally) {
  const Step& step = (*transaction_)[step_];
  ++tally.requests;
  const bool expected =
      std::find(step.expect.begin(), step.expect.end(), status_) != step.expect.end();
  if (!expected) return fail(tally, fmt::format("{} {}: {}", step.method, step.target, status_));
  if (hasher_ && crypto::to_hex(hasher_->value()) != step.sha256) {
    return fail(tally, fmt::format("{} {}: other bytes", step.method, step.target));
  }
  if (close_after_) connect();
  if (++step_ < transaction_->size()) {
    begin_step();
    return false;
  }
  if (phase_ != Phase::Connecting) phase_ = Phase::Sending;
  transaction_ = nullptr;
  return true;
}

bool Client::advance(Tally& tally) {
  for (;;) {
    auto progress = Progress::Done;
    switch (phase_) {
      case Phase::Connecting:
        progress = shake();
        break;
      case Phase::Sending:
        progress = send_all(tally);
        break;
      case Phase::Head:
        progress = receive_head();
        break;
      case Phase::Body:
        progress = receive_body(tally);
        if (progress == Progress::Done) {
          if (step_ended(tally)) return true;
          continue;
        }
        break;
    }
    if (progress == Progress::Blocked) return false;
    if (progress == Progress::Failed) return fail(tally, "the connection broke");
  }
}

}  // namespace entrepot::bench
