#pragma once
// http/server/internal/chunked.h — takes a chunked body (RFC 9112 §7.1) apart, strictly.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace entrepot::http::server::internal {

// Decodes in place as bytes come. Chunk extensions and trailers are checked and dropped; all of a
// body together may spend kExtensionBytes on the one and kTrailerBytes on the other.
class ChunkedDecoder {
 public:
  static constexpr std::size_t kExtensionBytes = 16 << 10;
  static constexpr std::size_t kTrailerBytes = 8 << 10;

  enum class Status { Incomplete, Complete, Malformed };
  struct Step {
    Status status;
    std::size_t payload_bytes;  // now at the front of `data`
    std::size_t used_bytes;     // of `data`; less than all of it only when Complete or Malformed
  };

  Step decode(char* data, std::size_t size);

  // Why it is Malformed.
  std::string_view problem() const { return problem_; }

 private:
  enum class State {
    SizeStart,
    Size,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    LastLf,
    Complete,
    Malformed,
  };

  void take_framing(char c);
  void take_size(char c);
  void take_trailer(char c);
  void expect(char c, char wanted, State next);
  void spend(std::size_t limit, std::size_t& spent);
  void refuse(std::string_view problem);

  State state_ = State::SizeStart;
  std::uint64_t chunk_bytes_ = 0;  // of the chunk: its size while that is read, then what is left
  unsigned size_digits_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::string_view problem_;
};

}  // namespace entrepot::http::server::internal
