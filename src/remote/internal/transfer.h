#pragma once
// remote/internal/transfer.h — one blob on its way, in as many answers as it takes.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "http/client/client.h"
#include "remote/internal/asker.h"
#include "remote/registry.h"

namespace entrepot::remote {

// "bytes 100-999/1000"; the length is missing where the server does not know it ("*").
struct ContentRange {
  std::uint64_t first = 0, last = 0;
  std::optional<std::uint64_t> size_bytes;
};
std::optional<ContentRange> parse_content_range(std::string_view text);

std::optional<std::uint64_t> content_length_of(const http::client::Response& head);

// Gives a blob to its taker, each byte once, whatever the answers look like that bring it.
class Transfer final : public http::client::Taker {
 public:
  explicit Transfer(BlobTaker& taker) : taker_(taker) {}

  // The headers that ask for what is missing.
  http::client::Headers wanted() const;

  // Unavailable for an answer that does not go on where the last one ended, or of another length.
  Result<void> head(const http::client::Response& head) override;
  Result<void> body(ByteView piece) override;

  bool begun() const { return size_bytes_.has_value(); }
  bool whole() const { return size_bytes_ == have_bytes_; }
  std::uint64_t have_bytes() const { return have_bytes_; }
  bool taker_failed() const { return taker_failed_; }

 private:
  Result<void> begin(const http::client::Response& head);
  Result<void> go_on(const http::client::Response& head) const;
  Result<void> given(Result<void> taken);

  BlobTaker& taker_;
  std::optional<std::uint64_t> size_bytes_;
  std::string etag_;  // a strong one, or ""
  std::uint64_t have_bytes_ = 0;
  std::uint64_t skip_bytes_ = 0;  // of this answer: they are here already
  bool taker_failed_ = false;
};

// The whole of it: asks until all is here, five times in a row without a byte at most, with a pause
// before each but the first of those.
Result<void> transfer(Context& context, Asker& asker, Question question,
                      std::chrono::milliseconds pause, BlobTaker& taker);

}  // namespace entrepot::remote
