#include "blob/store.h"

#include <fmt/core.h>

#include "crypto/hash.h"

namespace entrepot::blob {

namespace {

constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

bool has_shape(std::string_view text) {
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (kShape[i] == '-' ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace

UploadId UploadId::random() {
  Bytes octets = crypto::random_bytes(16);
  // Version 4, variant 10: RFC 9562 §5.4.
  octets[6] = static_cast<char>((octets[6] & 0x0f) | 0x40);
  octets[8] = static_cast<char>((octets[8] & 0x3f) | 0x80);
  std::string text = crypto::to_hex(octets);
  for (const std::size_t dash : {8u, 13u, 18u, 23u}) text.insert(dash, 1, '-');
  return UploadId(text);
}

Result<UploadId> UploadId::parse(std::string_view text) {
  if (!has_shape(text)) {
    return fail(ErrorCode::InvalidArgument, "an upload id looks like {} in lower-case hex", kShape);
  }
  return UploadId(text);
}

}  // namespace entrepot::blob
