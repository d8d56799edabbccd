#include "api/distribution/location.h"

#include <charconv>
#include <iterator>

#include <fmt/format.h>

#include "api/external_address.h"
#include "crypto/hash.h"

namespace entrepot::api::distribution {
namespace {

// What the signature covers; a newline stands in none of the parts. The owner is not written into
// the location: who comes with it says who they are.
std::string claim(const registry::UploadSession& session) {
  std::string claim = fmt::format("{}\n{}\n{}\n{}", session.repository.str(), session.id.str(),
                                  to_unix_micros(session.started_at), oci::name_of(session.also));
  const access::Subject& owner = session.owner;
  if (owner.is_same_as(access::Subject::anonymous())) return claim;
  fmt::format_to(std::back_inserter(claim), "\n{}\n{}", static_cast<int>(owner.kind()), owner.id());
  return claim;
}

Failure unknown() { return fail(ErrorCode::NotFound, "no such upload; begin one with POST"); }

}  // namespace

std::string location_base(const LocationOptions& options, const http::Request& request) {
  if (!options.base.empty()) return options.base;
  if (!options.from_request) return options.prefix;
  return external_address(request) + options.prefix;
}

std::string link_base(const LocationOptions& options) {
  return options.base.empty() ? options.prefix : options.base;
}

std::string LocationSigner::sign(const registry::UploadSession& session) const {
  return crypto::to_base64url(crypto::hmac_sha256(key_, claim(session)));
}

std::string LocationSigner::path(const registry::UploadSession& session) const {
  return fmt::format("/v2/{}/blobs/uploads/{}?_state={}.{}.{}", session.repository.str(),
                     session.id.str(), to_unix_micros(session.started_at),
                     oci::name_of(session.also), sign(session));
}

Result<registry::UploadSession> LocationSigner::read(const oci::RepositoryName& repository,
                                                     const access::Subject& owner,
                                                     std::string_view id,
                                                     std::string_view state) const {
  const auto upload_id = blob::UploadId::parse(id);
  if (!upload_id) return unknown();
  const std::size_t first = state.find('.');
  const std::size_t second = state.find('.', first == state.npos ? first : first + 1);
  if (second == state.npos) return unknown();
  std::int64_t started = 0;
  const auto parsed = std::from_chars(state.data(), state.data() + first, started);
  if (parsed.ec != std::errc() || parsed.ptr != state.data() + first) return unknown();
  const auto also = oci::parse_algorithm(state.substr(first + 1, second - first - 1));
  if (!also) return unknown();
  registry::UploadSession session{repository, *upload_id, from_unix_micros(started), *also};
  session.owner = owner;
  if (!crypto::equal_in_constant_time(sign(session), state.substr(second + 1))) return unknown();
  return session;
}

}  // namespace entrepot::api::distribution
