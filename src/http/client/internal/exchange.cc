#include "http/client/internal/exchange.h"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

namespace entrepot::http::client {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// "HTTP/1.1 200 OK"; 0 for what is none.
int status_of(std::string_view line) {
  const std::size_t blank = std::min(line.find(' '), line.size());
  const std::string_view text = trimmed(line.substr(blank));
  int status = 0;
  std::from_chars(text.data(), text.data() + text.size(), status);
  return status;
}

}  // namespace

Exchange::Exchange(Context& context, const Options& options, std::string_view url, Bound bound,
                   Taker& taker)
    : context_(context),
      options_(options),
      url_(url),
      bound_(bound),
      taker_(taker),
      since_(std::chrono::steady_clock::now()) {}

bool Exchange::end(Error error) {
  if (!failure_) failure_ = std::move(error);
  return false;
}

bool Exchange::give_head() {
  head_given_ = true;
  if (auto taken = taker_.head(head_); !taken) return end(std::move(taken).error());
  since_ = std::chrono::steady_clock::now();
  return true;
}

// Each head begins with its status, so that a "100 Continue" is forgotten for the one behind it.
bool Exchange::take_line(std::string_view line) {
  if (head_given_) return true;  // a trailer
  header_bytes_ += line.size();
  if (header_bytes_ > options_.most_header_bytes) {
    return end({ErrorCode::TooLarge, fmt::format("{}: the answer's head is too large", url_)});
  }
  if (line.starts_with("HTTP/")) {
    head_.status = status_of(line);
    head_.headers.clear();
  } else if (trimmed(line).empty()) {
    return head_.status < 200 || give_head();
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    head_.headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
  return true;
}

bool Exchange::take_body(ByteView piece) {
  if (auto taken = taker_.body(piece); !taken) return end(std::move(taken).error());
  since_ = std::chrono::steady_clock::now();  // what the taker took of the time is not the server's
  return true;
}

bool Exchange::goes_on() {
  if (context_.cancelled()) {
    return end({ErrorCode::Cancelled, fmt::format("{}: not waited for any longer", url_)});
  }
  if (bound_ == Bound::Whole) return true;
  const auto passed = std::chrono::steady_clock::now() - since_;
  if (!head_given_ && passed > options_.answer) {
    return end({ErrorCode::Timeout,
                fmt::format("{}: no answer within {} ms", url_, options_.answer.count())});
  }
  if (head_given_ && passed > options_.silence) {
    return end({ErrorCode::Timeout, fmt::format("{}: the answer began, then no byte came for {} ms",
                                                url_, options_.silence.count())});
  }
  return true;
}

}  // namespace entrepot::http::client
