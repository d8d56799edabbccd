#pragma once
// remote/internal/tokens.h — what a registry's token service hands out, kept for as long as it is
// good (Docker's token protocol).

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "base/mutex.h"
#include "base/result.h"
#include "http/client/client.h"

namespace entrepot::remote {

// What a token is for. Equal ones are fetched once.
struct Wanted {
  std::string realm;         // the address of the token service
  std::string service = {};  // as the challenge says; may be empty
  std::string scope = {};    // "repository:library/nginx:pull"; may be empty
  bool with_credentials = false;

  friend auto operator<=>(const Wanted&, const Wanted&) = default;
};

// A token service's answer.
struct Fetched {
  std::string text;
  std::chrono::seconds life{60};
};

// Reads it: `token` or `access_token`, `expires_in` (60 s when it does not tell; a day at most).
// InvalidArgument for what is none, or holds a token that may not stand in a header.
Result<Fetched> parse_token(std::string_view body);

struct Token {
  std::string text;
  SteadyTime since;   // when it was asked for
  bool kept = false;  // it was here already, so that the server may not want it any more
};

// Thread-safe. Of those who need the same new token one fetches it, while the others wait, and get
// what it got, an error too; when that one is called off, another goes on.
class Tokens {
 public:
  using Fetch = std::function<Result<Fetched>(Context&, http::client::Client&, const Wanted&)>;
  static constexpr std::size_t kMost = 1000;  // past it the first to end are forgotten

  Tokens(Fetch fetch, const Clock& clock) : fetch_(std::move(fetch)), clock_(clock) {}

  // A token in the first four fifths of its life, but not `refused`: that one is forgotten.
  // `client` fetches. Blocks. Errors: of fetching; Timeout and Cancelled by the context.
  Result<Token> get(Context& context, http::client::Client& client, const Wanted& wanted,
                    std::string_view refused = {});

 private:
  // What is kept of one Wanted; its fields are guarded by mutex_.
  struct Entry {
    std::string text;  // "": none
    SteadyTime since{}, until{};
    bool fetching = false;
    std::size_t waiting = 0;
    std::uint64_t rounds = 0;          // how many fetches ended
    std::optional<Error> failed = {};  // the last one did
  };
  class Fetching;

  std::optional<Token> find(Entry& entry, std::string_view refused) ENTREPOT_REQUIRES(mutex_);
  Result<void> wait(Context& context, Entry& entry) ENTREPOT_REQUIRES(mutex_);
  void make_room() ENTREPOT_REQUIRES(mutex_);

  const Fetch fetch_;
  const Clock& clock_;
  Mutex mutex_;
  CondVar changed_;
  std::map<Wanted, Entry> entries_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::remote
