#pragma once
// ui/page.h — the handler behind every address that is no other room's: the web page.

#include <string>
#include <string_view>

#include "http/handler.h"
#include "ui/pack.h"

namespace entrepot::ui {

// A browser (GET or HEAD with text/html in Accept) gets the shell at every address below the
// prefix, with 200 whether something is there or not: the page itself asks the API. Below
// /-/assets/ lies what the shell loads; their names hold a hash, so they never change.
//
// Everybody else is told what this is, in plain text: 200 at "/", which probes ask, 404 elsewhere.
// So is a browser below the first parts that are kept for programs ("/v1", "/api" …); a repository
// of such a name has its page below "/-/r/".
//
// Knows nobody and shows nothing of anybody, so it answers whoever asks. All from memory, on the
// event loop. Thread-safe.
class Page final : public http::Handler {
 public:
  struct Options {
    std::string prefix;  // in front of every address, without a slash at its end
    std::string host;    // as clients reach the registry; "": as the browser did
  };
  Page(Assets assets, const Options& options);

  std::optional<http::Response> answer_from_memory(const http::Request& request) override;
  Executor* executor_of(const http::Request& request) override;
  http::Reply handle(Context& context, const http::Request& request) override;
  void dress(const http::Request* request, http::Response& response) override;
  http::Response refuse(const http::Refusal& refusal) override;

 private:
  http::Response answer(const http::Request& request) const;
  http::Response answer_asset(const http::Request& request, std::string_view name) const;
  http::Response answer_shell(const http::Request& request) const;

  const std::string prefix_;
  const Assets assets_;
  const SharedBytes shell_;
  const std::string shell_etag_;
};

}  // namespace entrepot::ui
