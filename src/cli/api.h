#pragma once
// cli/api.h — one server's API, asked by who is signed in there.

#include <functional>
#include <memory>
#include <optional>
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

// An answer's body. Internal for what is no JSON: nothing that somebody typed is wrong with it.
Result<json::Document> read_answer(std::string_view body);
// The same for what was read from one and is not as the API has it.
Error error_of_answer(Error error);

// Paths are those behind /api/v1: "/users?q=al". Errors: what the server said, by its code and in
// its words; those of http::client::Client for what did not get that far. Blocks. For one thread.
class Api {
 public:
  static Result<std::unique_ptr<Api>> open(Server server);

  const Server& server() const { return server_; }

  // The answer as it came, of whatever status. A body is JSON, unless `headers` has its
  // Content-Type.
  Result<http::client::Response> exchange(std::string_view method, std::string_view path,
                                          http::client::Headers headers, std::string body = {});

  // The body of an answer of 200 to 299. `body` is JSON; empty: none.
  Result<std::string> ask(std::string_view method, std::string_view path, std::string body = {});
  Result<json::Document> get(std::string_view path);

  // Visits the items of one page of a list, behind the cursor `after` ("": the first), at most
  // kLargestPage. `path` may have a query. The answer is the cursor of the page behind it.
  using Visit = std::function<Result<void>(const json::Value&)>;
  static constexpr std::size_t kLargestPage = 100;
  Result<std::optional<std::string>> page(std::string_view path, std::string_view after,
                                          std::size_t limit, const Visit& visit);

  // Visits all items, page by page. TooLarge past kMostPages.
  static constexpr std::size_t kMostPages = 1000;
  Result<void> each(std::string_view path, const Visit& visit);

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
