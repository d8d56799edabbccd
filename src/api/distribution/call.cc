#include "api/distribution/call.h"

#include <algorithm>

namespace entrepot::api::distribution {
namespace {

// A placeholder's text with its percent-escapes decoded. An escaped "/" would move the borders
// between placeholders, so it is refused.
Result<std::string> decoded(std::string_view text) {
  if (text.find('%') == text.npos) return std::string(text);
  auto plain = http::percent_decode(text, false);
  if (!plain ||
      std::count(plain->begin(), plain->end(), '/') != std::count(text.begin(), text.end(), '/')) {
    return fail(ErrorCode::InvalidArgument, "the path has a bad escape");
  }
  return *std::move(plain);
}

}  // namespace

Result<oci::RepositoryName> Call::repository() const {
  TRY_ASSIGN(const std::string text, decoded(path.values[0]));
  return oci::RepositoryName::parse(text);
}

Result<oci::Reference> Call::reference() const {
  TRY_ASSIGN(const std::string text, decoded(path.values[1]));
  return oci::parse_reference(text);
}

Result<oci::Digest> Call::digest() const {
  TRY_ASSIGN(const std::string text, decoded(path.values[1]));
  return oci::Digest::parse(text);
}

std::optional<http::Reply> Room::take(Context& context, const Call& call, std::size_t bytes) {
  share_ = call.services.memory.try_work(bytes);
  if (share_) return std::nullopt;
  if (!call.on_reader) return again_on_reader();
  auto share = call.services.memory.take_work(context, bytes);
  if (!share) return call.error(share.error(), About::Page);
  share_ = *std::move(share);
  return std::nullopt;
}

}  // namespace entrepot::api::distribution
