#include "http/server/internal/chunked.h"

#include <algorithm>
#include <cstring>

#include "http/router.h"
#include "http/server/internal/characters.h"

namespace entrepot::http::server::internal {
namespace {

constexpr unsigned kMaxSizeDigits = 15;  // so that no size overflows

}  // namespace

ChunkedDecoder::Step ChunkedDecoder::decode(char* data, std::size_t size) {
  std::size_t payload = 0;
  std::size_t at = 0;
  while (at < size && state_ != State::Complete && state_ != State::Malformed) {
    if (state_ != State::Data) {
      take_framing(data[at++]);
      continue;
    }
    const std::size_t piece = std::min<std::uint64_t>(chunk_bytes_, size - at);
    if (payload != at) std::memmove(data + payload, data + at, piece);
    payload += piece;
    at += piece;
    chunk_bytes_ -= piece;
    if (chunk_bytes_ == 0) state_ = State::DataCr;
  }
  const Status status = state_ == State::Complete    ? Status::Complete
                        : state_ == State::Malformed ? Status::Malformed
                                                     : Status::Incomplete;
  return {status, payload, at};
}

void ChunkedDecoder::take_framing(char c) {
  switch (state_) {
    case State::SizeStart:
    case State::Size:
    case State::Extension:
      return take_size(c);
    case State::SizeLf:
      return expect(c, '\n', chunk_bytes_ == 0 ? State::TrailerStart : State::Data);
    case State::DataCr:
      return expect(c, '\r', State::DataLf);
    case State::DataLf:
      size_digits_ = 0;
      return expect(c, '\n', State::SizeStart);
    case State::TrailerStart:
    case State::TrailerName:
    case State::TrailerValue:
      return take_trailer(c);
    case State::TrailerLf:
      return expect(c, '\n', State::TrailerStart);
    case State::LastLf:
      return expect(c, '\n', State::Complete);
    case State::Data:
    case State::Complete:
    case State::Malformed:
      return;
  }
}

void ChunkedDecoder::take_size(char c) {
  if (state_ == State::Extension) {
    spend(kExtensionBytes, extension_bytes_);
    if (state_ == State::Malformed) return;
    if (c == '\r') {
      state_ = State::SizeLf;
    } else if (!is(c, kFieldValue)) {
      refuse("a chunk extension holds a control character");
    }
    return;
  }
  if (const int digit = hex_value(c); digit >= 0) {
    if (++size_digits_ > kMaxSizeDigits) return refuse("a chunk's size has too many digits");
    chunk_bytes_ =
        (state_ == State::SizeStart ? 0 : chunk_bytes_ * 16) + static_cast<std::uint64_t>(digit);
    state_ = State::Size;
    return;
  }
  if (state_ == State::Size && c == '\r') {
    state_ = State::SizeLf;
  } else if (state_ == State::Size && c == ';') {
    state_ = State::Extension;
  } else {
    refuse("a chunk's size must be hexadecimal digits alone");
  }
}

void ChunkedDecoder::take_trailer(char c) {
  if (state_ == State::TrailerStart && c == '\r') {
    state_ = State::LastLf;
    return;
  }
  spend(kTrailerBytes, trailer_bytes_);
  if (state_ == State::Malformed) return;
  if (state_ == State::TrailerValue) {
    if (c == '\r') {
      state_ = State::TrailerLf;
    } else if (!is(c, kFieldValue)) {
      refuse("a trailer's value holds a control character");
    }
    return;
  }
  if (is(c, kToken)) {
    state_ = State::TrailerName;
  } else if (state_ == State::TrailerName && c == ':') {
    state_ = State::TrailerValue;
  } else {
    refuse("a trailer's name must be a token, right before its colon");
  }
}

void ChunkedDecoder::expect(char c, char wanted, State next) {
  if (c == wanted) {
    state_ = next;
  } else {
    refuse("a chunk must end in CR LF");
  }
}

void ChunkedDecoder::spend(std::size_t limit, std::size_t& spent) {
  if (++spent > limit) refuse("chunk extensions or trailers are too long together");
}

void ChunkedDecoder::refuse(std::string_view problem) {
  problem_ = problem;
  state_ = State::Malformed;
}

}  // namespace entrepot::http::server::internal
