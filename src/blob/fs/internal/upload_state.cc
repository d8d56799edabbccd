#include "blob/fs/internal/upload_state.h"

#include <charconv>

#include <fmt/core.h>

namespace entrepot::blob::fs {

namespace {

constexpr std::string_view kVersion = "entrepot-upload-1";
constexpr std::size_t kHashOctets = crypto::size_of(HashAlgorithm::Sha256);

// Takes the first line off `text`; nullopt when there is none.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Failure not_a_state() { return fail(ErrorCode::Corrupt, "not a saved upload of this program"); }

}  // namespace

RunningHashes::RunningHashes(HashAlgorithm also) : sha256_(HashAlgorithm::Sha256) {
  if (also != HashAlgorithm::Sha256) also_.emplace(also);
}

void RunningHashes::update(ByteView bytes) {
  sha256_.update(bytes);
  if (also_) also_->update(bytes);
}

Digest RunningHashes::sha256() const {
  return Digest::from_hash(HashAlgorithm::Sha256, sha256_.value());
}

std::optional<Digest> RunningHashes::of(HashAlgorithm algorithm) const {
  if (algorithm == HashAlgorithm::Sha256) return sha256();
  if (also_ && also_->algorithm() == algorithm) {
    return Digest::from_hash(algorithm, also_->value());
  }
  return std::nullopt;
}

HashAlgorithm RunningHashes::also() const {
  return also_ ? also_->algorithm() : HashAlgorithm::Sha256;
}

// The file: four lines (version, boot id, offset, LENGTH), LENGTH octets of sha256's state, the
// other algorithm's state if there is one, and the SHA-256 of all that.
Bytes encode(const UploadState& state) {
  const Bytes sha256 = state.hashes.sha256_.save();
  Bytes out =
      fmt::format("{}\n{}\n{}\n{}\n", kVersion, state.boot_id, state.offset_bytes, sha256.size());
  out += sha256;
  if (state.hashes.also_) out += state.hashes.also_->save();
  out += crypto::hash(HashAlgorithm::Sha256, out);
  return out;
}

Result<UploadState> decode_upload_state(ByteView bytes) {
  if (bytes.size() < kHashOctets) return not_a_state();
  ByteView rest = bytes.substr(0, bytes.size() - kHashOctets);
  if (crypto::hash(HashAlgorithm::Sha256, rest) != bytes.substr(rest.size())) return not_a_state();

  const auto version = take_line(rest);
  const auto boot_id = take_line(rest);
  const auto offset = parse_number(take_line(rest).value_or(""));
  const auto length = parse_number(take_line(rest).value_or(""));
  if (version != kVersion || !boot_id || !offset || !length || *length > rest.size()) {
    return not_a_state();
  }
  UploadState state{std::string(*boot_id), *offset, RunningHashes()};
  auto sha256 = crypto::Hasher::restore(rest.substr(0, *length));
  if (!sha256 || sha256->algorithm() != HashAlgorithm::Sha256) return not_a_state();
  state.hashes.sha256_ = *std::move(sha256);
  rest.remove_prefix(*length);
  if (rest.empty()) return state;
  auto also = crypto::Hasher::restore(rest);
  if (!also || also->algorithm() == HashAlgorithm::Sha256) return not_a_state();
  state.hashes.also_.emplace(*std::move(also));
  return state;
}

}  // namespace entrepot::blob::fs
