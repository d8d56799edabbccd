#pragma once
// http/client/internal/exchange.h — one request under way, as libcurl's callbacks see it.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/context.h"
#include "base/error.h"
#include "http/client/client.h"

namespace entrepot::http::client {

// Reads the head of the answer, hands what comes to the taker, and knows when to end. For one
// thread, and one request. All that is given to it must outlive it.
class Exchange {
 public:
  // What `Options::answer` bounds.
  enum class Bound {
    Whole,  // everything; by whoever calls libcurl
    Head,   // the time to the end of the head; then `silence` bounds the pauses
  };

  Exchange(Context& context, const Options& options, std::string_view url, Bound bound,
           Taker& taker);

  // Each ends the exchange when it returns false; failure() says why.
  bool take_line(std::string_view line);  // of the head; also of trailers
  bool take_body(ByteView piece);
  bool goes_on();  // looked up about once a second at least

  // Why it was ended from here; nothing when it was not.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  bool end(Error error);
  bool give_head();

  Context& context_;
  const Options& options_;
  const std::string_view url_;
  const Bound bound_;
  Taker& taker_;
  Response head_;
  std::size_t header_bytes_ = 0;
  bool head_given_ = false;
  std::chrono::steady_clock::time_point since_;  // the beginning, or the last byte of the body
  std::optional<Error> failure_;
};

}  // namespace entrepot::http::client
