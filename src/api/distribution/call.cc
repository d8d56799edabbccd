#include "api/distribution/call.h"

#include <utility>

#include "base/check.h"

namespace entrepot::api::distribution {

oci::RepositoryName Call::repository() const {
  auto parsed = oci::RepositoryName::parse(name);
  CHECK(parsed.has_value());
  return *std::move(parsed);
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
