#pragma once
// http/server/internal/head_parser.h — reads a request's head, strictly (RFC 9112).
//
// What two programs could understand differently is refused, so that nothing can be smuggled past a
// proxy in front: bare LF or CR, folded lines, blanks before the colon, repeated or contradicting
// lengths, transfer codings other than "chunked".

#include <cstddef>
#include <optional>
#include <string_view>

#include "http/request_data.h"
#include "http/server/server.h"

namespace entrepot::http::server::internal {

// Finds where a head ends. Looks at each byte once, however slowly they come, so a client that
// drips costs no more than one that does not.
class HeadScanner {
 public:
  enum class Status { Incomplete, Complete, Refused };

  explicit HeadScanner(const Limits& limits) : limits_(&limits) {}

  // `input` is everything that came since the head began; it grows from call to call. After
  // Complete: head() cuts the head out, consumed_bytes() is what it took of `input`.
  Status scan(std::string_view input);

  std::string_view head(std::string_view input) const {
    return input.substr(begin_, scanned_ - begin_);
  }
  std::size_t consumed_bytes() const { return scanned_; }
  const Refusal& refusal() const { return *refusal_; }

  void restart() { *this = HeadScanner(*limits_); }

 private:
  Status refuse(int status, std::string_view message);

  const Limits* limits_;
  std::size_t begin_ = 0;       // of the request line: behind an empty line in front of it
  std::size_t line_start_ = 0;  // of the line that is not complete yet
  std::size_t scanned_ = 0;
  std::size_t lines_ = 0;
  std::optional<Refusal> refusal_;
};

// Takes apart what the scanner found: lines that end in CRLF, the last one empty. Nothing is
// copied; `head` keeps views into `text`. An error is why the request is refused.
std::optional<Refusal> parse_head(std::string_view text, Head& head);

}  // namespace entrepot::http::server::internal
