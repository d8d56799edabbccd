#pragma once
// server/front.h — the first handler behind every listening address: which room is asked for?

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "auth/open_mode.h"
#include "http/handler.h"
#include "server/answer_headers.h"
#include "server/operations.h"

namespace entrepot::server {

// Hands requests on by their path: <prefix>/v2 to the Distribution API, the end points of
// operations to those, and everything else is 404 (until the web page takes its place there).
// Until open(), and while it is closed, the API answers 503, from memory too. Adds the configured
// headers to every answer. Answers a browser's preflight (OPTIONS with
// Access-Control-Request-Method) on every path by itself, without asking who it is: 204 with the
// configured headers for a page that may ask, else 403. Thread-safe.
class Front final : public http::Handler {
 public:
  // `prefix` without a slash at its end; "" for none.
  Front(Operations& operations, const auth::OpenMode& door, std::string prefix,
        std::vector<HeaderLine> headers);

  // From now on the API is asked; it outlives this.
  void open(http::Handler& api) {
    started_.store(true, std::memory_order_relaxed);
    api_.store(&api, std::memory_order_release);
  }

  // Nobody is let in while the store is away: what is in memory is not there either.
  void close() { api_.store(nullptr, std::memory_order_release); }

  std::optional<http::Response> answer_from_memory(const http::Request& request) override;
  bool ends_in_commit(const http::Request& request) override;
  http::Reply handle(Context& context, const http::Request& request) override;
  void body_failed(Context& context, std::string_view path, std::uint64_t offset_bytes,
                   const Error& error) override;
  http::Response refuse(const http::Refusal& refusal) override;

 private:
  bool is_api(std::string_view path) const;
  http::Response closed() const;
  http::Response with_headers(http::Response response, const http::Request& request) const;
  http::Response preflight(const http::Request& request) const;
  class HeaderedBody;

  Operations& operations_;
  const auth::OpenMode& door_;
  const std::string api_root_;  // "<prefix>/v2"
  const AnswerHeaders headers_;
  std::atomic<bool> started_ = false;
  std::atomic<http::Handler*> api_ = nullptr;
};

}  // namespace entrepot::server
