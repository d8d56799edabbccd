#pragma once
// http/message.h — a request as it was read, and an answer as it will be written.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/context.h"
#include "base/sink.h"
#include "base/source.h"

namespace entrepot::net {
class Networks;  // net/networks.h
}

namespace entrepot::http {

enum class Method : std::uint8_t { Get, Head, Post, Put, Patch, Delete, Options, Other };
std::string_view name_of(Method method);

struct Header {
  std::string_view name, value;  // the name as sent; compare with equals_ignoring_case
};

bool equals_ignoring_case(std::string_view a, std::string_view b);  // ASCII

// Where the request came from.
struct Peer {
  std::string address;  // "127.0.0.1", "::1"; the socket's, never a header's (client_address())
  std::uint16_t port = 0;
  bool loopback = false;
  bool tls = false;
  bool is_proxy = false;  // one of `proxies`
  std::shared_ptr<const net::Networks>
      proxies;  // whose word about the client counts; null: nobody's
};

struct RequestData;  // request_data.h

// What a handler found out about a request at first sight and needs again later: who sent it, and
// what may they do.
class Note {
 public:
  virtual ~Note() = default;
};

// One request's head. The views point into memory that lives as long as the Request. Not
// thread-safe; handed from thread to thread whole. Made by the server, and by testing/request.h.
class Request {
 public:
  explicit Request(std::unique_ptr<RequestData> data);
  Request(Request&&) noexcept;
  Request& operator=(Request&&) noexcept;
  ~Request();

  Method method() const;
  std::string_view method_text() const;
  // As sent: "/v2/a/tags/list?n=3". Of an absolute target ("http://host/v2/") what follows the
  // authority, which header("Host") gives then, whatever the client's Host said (RFC 9112 §3.2.2).
  std::string_view target() const;
  // As sent, before "?"; percent-escapes not decoded. "/" for "http://host?query".
  std::string_view path() const;
  std::string_view query() const;  // behind "?", may be empty

  // The value of a header that may be sent once; nullopt when absent. A header sent twice was
  // answered 400 already where that matters (Host, Content-Length, Range, Authorization,
  // Content-Type, Content-Range, If-Range, Origin); of others the first is returned.
  std::optional<std::string_view> header(std::string_view name) const;
  // All values of a list header (Accept, Via …), in order.
  std::vector<std::string_view> headers(std::string_view name) const;

  // All headers in the order in which they came.
  std::span<const Header> header_lines() const;

  // A query parameter, percent- and plus-decoded; nullopt when absent. One with a bad escape, or an
  // escaped NUL, is given as it was sent. parameters() gives all values of a repeatable one.
  std::optional<std::string> parameter(std::string_view name) const;
  std::vector<std::string> parameters(std::string_view name) const;

  std::optional<std::uint64_t> content_length_bytes() const;  // none: no body, or a chunked one
  bool has_body() const;                                      // Content-Length > 0, or chunked
  bool is_http11() const;                                     // else HTTP/1.0
  const Peer& peer() const;
  const std::string& id() const;  // X-Request-Id of the answer

  // The handler's own note: null until it keeps one. It goes with the request from step to step,
  // and ends with it. Only the step that has the request may keep one.
  Note* note() const;
  void keep(std::unique_ptr<Note> note) const;

 private:
  std::unique_ptr<RequestData> data_;
};

// An answer. Connection, Date, Content-Length and X-Request-Id are added by the server.
struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  Source body;  // not sent for HEAD, but its size is, unless content_length_bytes says otherwise
  std::optional<std::uint64_t> content_length_bytes;  // for HEAD without a body at hand
  bool close = false;                                 // end the connection behind this answer
  std::string_view route;  // a literal that names the route, for metrics and the access log
  std::string actor;       // who asked, for the access log; "" for nobody in particular

  Response& with(std::string name, std::string value) {
    if (headers.empty()) headers.reserve(kUsualHeaders);
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  static Response text(int status, std::string_view content_type, Bytes body);

  static constexpr std::size_t kUsualHeaders = 8;  // room that is made at once
};

}  // namespace entrepot::http
