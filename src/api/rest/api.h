#pragma once
// api/rest/api.h — the handler behind /api/v1.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "access/action.h"
#include "api/rest/call.h"
#include "http/handler.h"
#include "http/router.h"

namespace entrepot::api::rest {

// One end point.
struct Route {
  unsigned methods;          // bits of http::bit_of
  std::string_view pattern;  // as http::match_path reads it; <name> is the repository
  // What its caller must be allowed to do to the repository. None: the handler decides.
  std::optional<access::Action> action;
  http::Response (*handle)(Context&, const Call&);
  std::string_view label;  // in metrics and the access log
  std::size_t
      work_bytes;  // without a body: what it needs at most while it is answered, for a short time
  // What is about people is for who signed in, in a registry with accounts, invitations for whoever
  // has one; what hashes a password of its body does so where passwords are hashed.
  enum class About : std::uint8_t { Contents, People, Passwords, Invitations };
  About about = About::Contents;
  std::size_t most_body_bytes = 64u << 10;
  bool reads_long = false;  // looks through much: on the readers
};

// All of them; docs/api/openapi.yaml has the same. The first that fits is taken.
std::span<const Route> routes();

// The API that the page, scripts and client commands speak (docs/api/openapi.yaml). Of each request
// it is found out who sent it, by Authorization or the page's cookie, and whether they may; only
// then is a body read, of at most what the route takes. What writes runs on finishers, and what
// hashes a password where passwords are hashed. Thread-safe.
class RestApi final : public http::Handler {
 public:
  struct Options {
    std::string prefix;  // in front of /api/v1, without a slash at its end
    // Null: everything where it is asked.
    Executor* finishers = nullptr;
    Executor* readers = nullptr;
  };

  RestApi(const Services& services, Options options)
      : services_(services), options_(std::move(options)) {}

  std::optional<http::Response> answer_from_memory(const http::Request& request) override;
  Executor* executor_of(const http::Request& request) override;
  http::Reply handle(Context& context, const http::Request& request) override;
  void dress(const http::Request* request, http::Response& response) override;
  http::Response refuse(const http::Refusal& refusal) override;

 private:
  class Body;
  struct Visit;

  Executor* executor_for(const http::Request& request) const;
  std::optional<http::Response> stranger(Context& context, const Visit& visit) const;
  void forget_ended_session(const http::Request& request, Visit& visit) const;
  std::optional<http::Response> refusal_of(const http::Request& request, const Visit& visit) const;
  http::Reply run_in_room(Context& context, const http::Request& request, Visit& visit) const;
  http::Response run(Context& context, const http::Request& request, const Visit& visit,
                     std::string_view body) const;

  const Services services_;
  const Options options_;
};

}  // namespace entrepot::api::rest
