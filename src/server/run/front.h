#pragma once
// server/run/front.h — the first handler behind every listening address: which room is asked for?

#include <string>
#include <string_view>
#include <vector>

#include "auth/authenticator.h"
#include "http/handler.h"
#include "server/run/answer_headers.h"

namespace entrepot::server {

// Hands requests on by their path, and adds the configured headers to every answer. Answers a
// browser's preflight (OPTIONS with Access-Control-Request-Method) on every path by itself, without
// asking who it is: 204 with the configured headers for a page that may ask, else 403. What belongs
// to no other room is the page's, from the first moment on: probes ask "/". Thread-safe.
class Front final : public http::Handler {
 public:
  // Of `prefix` itself, and of all that lies below it: "/v2" has "/v2" and "/v2/…", not "/v20".
  struct Room {
    std::string prefix;  // without a slash at its end
    http::Handler& handler;
  };

  // The first room whose prefix fits is asked; the first of all says what never became a request.
  // All of it outlives the front.
  Front(std::vector<Room> rooms, http::Handler& page, const auth::Authenticator& door,
        std::vector<HeaderLine> headers);

  std::optional<http::Response> answer_from_memory(const http::Request& request) override;
  Executor* executor_of(const http::Request& request) override;
  http::Reply handle(Context& context, const http::Request& request) override;
  void dress(const http::Request* request, http::Response& response) override;
  void body_failed(Context& context, std::string_view path, std::uint64_t offset_bytes,
                   const Error& error) override;
  http::Response refuse(const http::Refusal& refusal) override;

 private:
  http::Handler& find(std::string_view path) const;
  http::Response preflight(const http::Request& request) const;

  const std::vector<Room> rooms_;
  http::Handler& page_;
  const auth::Authenticator& door_;
  const AnswerHeaders headers_;
};

}  // namespace entrepot::server
