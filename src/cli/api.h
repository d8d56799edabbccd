#pragma once
// cli/api.h — one server's API, asked by who is signed in there.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"
#include "cli/servers.h"
#include "http/client/client.h"
#include "json/reader.h"

namespace entrepot::cli {

// One part of a path or one value of a query, with escapes for what would end it.
std::string escaped(std::string_view text);

// What a server said, for a terminal: it gets no control of it (base/log.h).
std::string printable(std::string_view text);

// Paths are those behind /api/v1: "/users?q=al". Errors: what the server said, by its code and in
// its words; those of http::client::Client for what did not get that far. Blocks. For one thread.
class Api {
 public:
  static Result<std::unique_ptr<Api>> open(Server server);

  const Server& server() const { return server_; }

  // The answer as it came, of whatever status.
  Result<http::client::Response> exchange(std::string_view method, std::string_view path,
                                          http::client::Headers headers, std::string body = {});

  // The body of an answer of 200 to 299. `body` is JSON; empty: none.
  Result<std::string> ask(std::string_view method, std::string_view path, std::string body = {});
  Result<json::Document> get(std::string_view path);

  // Visits all items of a list, page by page. `path` may have a query. TooLarge past kMostPages.
  static constexpr std::size_t kMostPages = 1000;
  Result<void> each(std::string path, const std::function<Result<void>(const json::Value&)>& visit);

 private:
  Api(Server server, std::unique_ptr<http::client::Client> client)
      : server_(std::move(server)), client_(std::move(client)) {}

  const Server server_;
  const std::unique_ptr<http::client::Client> client_;
  Context context_{"command"};
};

// What an answer of 400 and above says.
Error error_of(const http::client::Response& answer, const Server& server);

}  // namespace entrepot::cli
