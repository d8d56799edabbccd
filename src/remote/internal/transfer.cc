#include "remote/internal/transfer.h"

#include <algorithm>
#include <charconv>
#include <thread>

namespace entrepot::remote {
namespace {

using http::client::Response;

constexpr int kMostInVain = 5;

// Digits at the front of `text`, which are taken off it.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, std::string_view front) {
  if (!text.starts_with(front)) return false;
  text.remove_prefix(front.size());
  return true;
}

Result<void> wait(Context& context, std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds kLook{50};
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) {
    TRY(context.alive());
    std::this_thread::sleep_for(std::min(kLook, time));
  }
  return context.alive();
}

bool may_go_on(const Error& error) {
  return error.code == ErrorCode::Unavailable || error.code == ErrorCode::Timeout;
}

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view text) {
  if (!take(text, "bytes ")) return std::nullopt;
  const auto first = take_number(text);
  if (!first || !take(text, "-")) return std::nullopt;
  const auto last = take_number(text);
  if (!last || !take(text, "/") || *last < *first) return std::nullopt;
  ContentRange range{.first = *first, .last = *last, .size_bytes = std::nullopt};
  if (text == "*") return range;
  range.size_bytes = take_number(text);
  if (!range.size_bytes || !text.empty() || *range.size_bytes <= *last) return std::nullopt;
  return range;
}

std::optional<std::uint64_t> content_length_of(const Response& head) {
  auto text = head.header("Content-Length");
  if (!text) return std::nullopt;
  const auto length = take_number(*text);
  return text->empty() ? length : std::nullopt;
}

http::client::Headers Transfer::wanted() const {
  if (have_bytes_ == 0) return {};
  http::client::Headers headers{{"Range", fmt::format("bytes={}-", have_bytes_)}};
  // Of a storage that has made it another thing meanwhile, all of it comes; what is known is left
  // out then, and whoever hashes the bytes finds out.
  if (!etag_.empty()) headers.emplace_back("If-Range", etag_);
  return headers;
}

Result<void> Transfer::given(Result<void> taken) {
  taker_failed_ = !taken;
  return taken;
}

Result<void> Transfer::begin(const Response& head) {
  const auto length = content_length_of(head);
  if (!length) return fail(ErrorCode::Unavailable, "the registry does not tell a blob's length");
  const auto etag = head.header("ETag");
  if (etag && etag->starts_with('"')) etag_ = *etag;
  TRY(given(taker_.begin(*length)));
  size_bytes_ = length;
  return {};
}

Result<void> Transfer::go_on(const Response& head) const {
  if (head.status == 200) {
    if (content_length_of(head) == size_bytes_) return {};
    return fail(ErrorCode::Unavailable, "the registry tells two lengths of one blob");
  }
  const auto range = parse_content_range(head.header("Content-Range").value_or(""));
  const bool right = range && range->first == have_bytes_ && range->last + 1 == *size_bytes_ &&
                     range->size_bytes.value_or(*size_bytes_) == *size_bytes_;
  if (!right) {
    return fail(ErrorCode::Unavailable, "the registry answers with another part than it was asked");
  }
  const auto etag = head.header("ETag");
  if (etag && !etag_.empty() && etag->starts_with('"') && *etag != etag_) {
    return fail(ErrorCode::Unavailable, "the registry answers with a part of another thing");
  }
  return {};
}

Result<void> Transfer::head(const Response& head) {
  skip_bytes_ = head.status == 200 ? have_bytes_ : 0;
  return begun() ? go_on(head) : begin(head);
}

Result<void> Transfer::body(ByteView piece) {
  const std::uint64_t skip = std::min<std::uint64_t>(skip_bytes_, piece.size());
  skip_bytes_ -= skip;
  piece.remove_prefix(static_cast<std::size_t>(skip));
  if (piece.empty()) return {};
  if (piece.size() > *size_bytes_ - have_bytes_) {
    return fail(ErrorCode::Unavailable, "the registry sends more than it told");
  }
  TRY(given(taker_.take(piece)));
  have_bytes_ += piece.size();
  return {};
}

Result<void> transfer(Context& context, Asker& asker, Question question,
                      std::chrono::milliseconds pause, BlobTaker& taker) {
  Transfer transfer(taker);
  for (int in_vain = 0; true;) {
    const std::uint64_t had = transfer.have_bytes();
    question.headers = transfer.wanted();
    Trail trail;
    const auto asked = asker.ask(context, question, transfer, trail);
    if (asked && transfer.whole()) return {};
    const Error error =
        asked ? Error{ErrorCode::Unavailable, "a part of the blob did not come"} : asked.error();
    if (transfer.taker_failed() || !may_go_on(error) || !context.alive()) return Failure(error);
    // Nothing broke off where the registry itself is in trouble. Where it redirects to, that may be
    // one node of many.
    if (!transfer.begun() && !trail.elsewhere) return Failure(error);
    in_vain = transfer.have_bytes() > had ? 0 : in_vain + 1;
    if (in_vain >= kMostInVain) {
      return Failure(Error(error).within(
          fmt::format("{}{}, asked {} times without a byte more than {}", asker.home().text(),
                      question.target, kMostInVain, transfer.have_bytes())));
    }
    if (in_vain > 0) TRY(wait(context, pause * (1 << (in_vain - 1))));
  }
}

}  // namespace entrepot::remote
