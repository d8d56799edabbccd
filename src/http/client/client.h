#pragma once
// http/client/client.h — asks other servers.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/context.h"
#include "base/result.h"

namespace entrepot::http::client {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string url;  // "https://registry.example.com:5000/api/v1/me"; sent as it stands
  Headers headers = {};
  std::string body = {};  // sent with its length; empty: none
};

struct Response {
  int status = 0;
  Headers headers = {};  // names as they came
  std::string body = {};

  // The first of that name, in whatever letters.
  std::optional<std::string_view> header(std::string_view name) const;
};

// Takes an answer as it comes, whatever its length.
class Taker {
 public:
  virtual ~Taker() = default;
  // Once, before the body: status and headers. An error ends the exchange, and is what it fails
  // with.
  virtual Result<void> head(const Response& head) = 0;
  // In order; likewise.
  virtual Result<void> body(ByteView piece) = 0;
};

struct Options {
  std::string user_agent = "entrepot";
  std::string ca_file = {};  // certificates to trust instead of the machine's
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds answer{60'000};   // all of it, from connecting to the last byte taken;
                                              // with a Taker, to the end of the head
  std::chrono::milliseconds silence{30'000};  // with a Taker: from one byte of the body to the next
  std::size_t most_body_bytes = 4u << 20;     // of an answer
  std::size_t most_header_bytes = 64u << 10;  // of its head
};

// Keeps two connections for the next requests to the same servers. For one thread at a time.
//
// A proxy is used as curl does: https_proxy, http_proxy (lower case), no_proxy.
class Client {
 public:
  // Unsupported, with what to install, where libcurl is missing.
  static Result<std::unique_ptr<Client>> make(Options options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends the request once and takes the whole answer, whatever its status; redirects are answers.
  // Blocks. Errors: InvalidArgument for what is no http or https URL; Unavailable when the server
  // cannot be reached, or its certificate is not trusted; TooLarge for an answer past the limits;
  // Timeout and Cancelled by the options or the context. After an error nobody knows whether the
  // server did what it was asked for, but when it could not be reached.
  Result<Response> send(Context& context, const Request& request);

  // The same, but that the body is not kept, and may be of any length. While `taker` works nothing
  // more is read from the server, and no time but the context's deadline passes. Timeout also when
  // no byte came for so long: the limits that a Taker has are looked at about once a second.
  // Corrupt when the body ends before its length.
  Result<void> send(Context& context, const Request& request, Taker& taker);

 private:
  struct Parts;
  explicit Client(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

}  // namespace entrepot::http::client
