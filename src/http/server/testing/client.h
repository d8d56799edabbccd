#pragma once
// http/server/testing/client.h — a small blocking client for tests, which can also misbehave.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace entrepot::http::server::testing {

struct Answer {
  int status = 0;                              // 0: the connection ended before a whole head came
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  bool whole = false;  // the body is as long as Content-Length says

  std::string header(const std::string& lower_case_name) const {
    const auto at = headers.find(lower_case_name);
    return at == headers.end() ? std::string() : at->second;
  }
};

// One connection to this machine. Every wait ends after ten seconds: a test fails, but never hangs.
class Client {
 public:
  enum class Kind { Plain, Tls };
  explicit Client(std::uint16_t port, Kind kind = Kind::Plain);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  // Of the certificate that the server showed; empty without TLS.
  std::string server_common_name() const;
  std::string tls_version() const;

  // False when the server does not take it (any more).
  bool send(std::string_view bytes);

  // Reads one answer; what came behind it is kept for the next call.
  Answer receive(bool to_head_request = false);
  Answer exchange(std::string_view request) { return send(request) ? receive() : Answer(); }
  Answer get(std::string_view target, std::string_view more_headers = {});

  // Exactly `size` raw bytes; fewer at the end.
  std::string read(std::size_t size);
  std::string read_to_end();
  // The server closed its side and sent nothing more.
  bool ended() { return read(1).empty(); }
  // Without waiting: is something there to read, or the end?
  bool is_readable() const;
  // Under TLS: the server said that nothing more comes (close_notify) before it closed.
  bool was_told_the_end() const;

  void shut_down_sending();
  void reset();  // closes with a RST
  void close();

 private:
  bool fill();

  int descriptor_ = -1;
  ssl_ctx_st* tls_context_ = nullptr;
  ssl_st* tls_ = nullptr;
  std::string buffer_;
};

// "GET /target HTTP/1.1 …"; more_headers are whole lines with CRLF. Content-Length is added when
// there is a body.
std::string request_text(std::string_view method, std::string_view target,
                         std::string_view more_headers = {}, std::string_view body = {});

}  // namespace entrepot::http::server::testing
