#pragma once
// remote/internal/asker.h — puts questions to a registry, and finds its answers wherever they are.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/mutex.h"
#include "base/result.h"
#include "http/client/client.h"
#include "remote/internal/address.h"
#include "remote/internal/challenge.h"
#include "remote/internal/connections.h"
#include "remote/internal/pace.h"
#include "remote/internal/tokens.h"
#include "remote/registry.h"

namespace entrepot::remote {

struct Question {
  std::string method = "GET";  // or HEAD
  std::string target;          // "/v2/library/nginx/manifests/1.27"
  std::string scope = {};      // of the token; "": none in particular
  http::client::Headers headers = {};
};

// What became of a question, beside its answer or error.
struct Trail {
  int status = 0;           // of the last answer; 0: none came
  bool elsewhere = false;   // the registry redirected to another host, and what followed was there
  bool challenged = false;  // the registry wanted credentials or a token
};

// Everything about one registry that its questions have in common: connections, who we are, what it
// demands, its tokens, how often it wants to be asked. Thread-safe; blocks.
class Asker {
 public:
  static Result<std::unique_ptr<Asker>> make(Server server, Options options, const Clock& clock);

  // Signs in as the registry wants, follows redirects, and gives `taker` the answer when it is a
  // good one: 200, or 206 when the question has a Range. Errors as registry.h says; what a taker
  // fails with is handed on as it is.
  Result<void> ask(Context& context, const Question& question, http::client::Taker& taker,
                   Trail& trail);

  const Origin& home() const { return home_; }
  bool has_credentials() const { return !authorization_.empty(); }
  Pace& pace() { return pace_; }

 private:
  // How a request was let in.
  struct Pass {
    std::string authorization;          // the header
    std::optional<Wanted> wanted = {};  // of a token
    std::optional<Token> token = {};
  };
  // One question on its way.
  struct Walk {
    Context& context;
    const Question& question;
    http::client::Client& client;
    http::client::Taker& taker;
    Trail& trail;
    Address at;
  };

  Asker(Server server, const Options& options, const Clock& clock, Address home);

  Result<http::client::Response> arrive(Walk& walk);
  Result<http::client::Response> step(Walk& walk, const std::optional<Pass>& pass);
  Failure trouble(const Walk& walk, Error error) const;
  Result<void> judge(const Walk& walk, const http::client::Response& head);

  bool is_refused(const http::client::Response& head, const std::optional<Pass>& pass) const;
  Result<std::optional<Pass>> known_pass(Walk& walk);
  Result<std::optional<Pass>> new_pass(Walk& walk, const http::client::Response& head,
                                       const std::optional<Pass>& old);
  Result<std::optional<Pass>> token_pass(Walk& walk, const Challenge& challenge,
                                         const std::optional<Pass>& old);
  Result<Wanted> wanted_of(const Walk& walk, const Challenge& challenge) const;
  Result<std::optional<Challenge>> ask_for_challenge(Walk& walk);

  std::optional<Challenge> challenge();
  void remember(const Challenge& challenge);
  void forget(const Challenge& challenge);

  const Server server_;
  const Clock& clock_;
  const Origin home_;
  const std::string authorization_;  // "Basic …", or ""
  Pace pace_;
  Connections connections_;
  Tokens tokens_;
  Mutex mutex_;
  std::optional<Challenge> challenge_ ENTREPOT_GUARDED_BY(mutex_);  // its last one
};

}  // namespace entrepot::remote
