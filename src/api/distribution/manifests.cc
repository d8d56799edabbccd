#include "api/distribution/manifests.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "api/distribution/upstream.h"
#include "http/range.h"

namespace entrepot::api::distribution {
namespace {

// Each is a row, an entry of the journal and a header of the answer.
constexpr std::size_t kMaxTagsAPush = 100;

constexpr std::size_t kPieceBytes = 64 << 10;

// What parsing and storing a manifest takes for each of its bytes. Some take more, with tens of
// thousands of tiny members; there is room for those, too.
constexpr std::size_t kParseFactor = 12;

// A manifest that is read is there twice: as the store gives it, and as it is sent.
constexpr std::size_t kReadFactor = 2;

// A longer one is read by who reads nothing else, so that nobody waits behind it.
constexpr std::uint64_t kMostReadAtOnce = 64 << 10;

http::Response present(const Call& call, const registry::HotManifest& manifest) {
  const http::Request& request = call.request;
  http::Response response;
  const std::string etag = '"' + manifest.digest + '"';
  response.with("Docker-Content-Digest", manifest.digest).with("ETag", etag);
  if (http::none_match_hits(request, etag)) {
    response.status = 304;
    return response;
  }
  response.with("Content-Type", manifest.media_type);
  response.body = Source(manifest.bytes);
  // A HEAD is no pull: clients look whether something is new.
  if (call.services.pulls != nullptr && request.method() == http::Method::Get) {
    call.services.pulls->count(call.name, manifest);
  }
  return response;
}

// "no-store" and the like are nobody's business here: what a reference in a path is about, for
// error codes.
About about(const oci::Reference& reference) {
  return std::holds_alternative<oci::Tag>(reference) ? About::Tag : About::Manifest;
}

About about_text(std::string_view reference) {
  return reference.find(':') == reference.npos ? About::Tag : About::Digest;
}

// What If-Match and If-None-Match want of the name in the path.
registry::Precondition precondition_of(const http::Request& request) {
  const auto versions = [](std::optional<http::EntityTags> tags) {
    std::optional<registry::Precondition::Versions> wanted;
    if (tags) wanted = registry::Precondition::Versions{tags->any, std::move(tags->opaque)};
    return wanted;
  };
  return {versions(http::if_match(request)), versions(http::if_none_match(request))};
}

// Collects a manifest, then pushes it.
class ManifestBody final : public http::BodySink {
 public:
  ManifestBody(const Call& call, oci::RepositoryName repository, registry::ManifestTarget target)
      : request_(call.request),
        services_(call.services),
        subject_(call.subject),
        base_(call.url("")),
        repository_(std::move(repository)),
        target_(std::move(target)) {}

  // In pieces of bounded size: a string that grows would be there twice while it does.
  Result<void> write(Context& /*context*/, ByteView piece) override {
    if (pieces_.empty() || pieces_.back().size() + piece.size() > kPieceBytes) {
      pieces_.emplace_back(piece);
    } else {
      pieces_.back().append(piece);
    }
    return {};
  }

  http::Response finish(Context& context) override {
    const auto type = request_.header("Content-Type").value_or("");
    const auto pushed =
        services_.push.push(context, subject_, repository_, target_, take_bytes(), type);
    if (!pushed) return to_response(pushed.error(), About::Manifest, request_.id());
    http::Response response;
    response.status = 201;
    const std::string digest = pushed->digest.to_string();
    response
        .with("Location", fmt::format("{}/v2/{}/manifests/{}", base_, repository_.str(), digest))
        .with("Docker-Content-Digest", digest);
    if (pushed->subject) response.with("OCI-Subject", pushed->subject->to_string());
    for (const oci::Tag& tag : pushed->tags) response.with("OCI-Tag", tag.str());
    return response;
  }

  http::Response failed(Context& /*context*/, const Error& error) override {
    if (error.code == ErrorCode::TooLarge) {
      return error_response(413, "MANIFEST_INVALID",
                            fmt::format("a manifest has at most {} bytes", oci::kMaxManifestBytes));
    }
    if (error.code == ErrorCode::Timeout) return too_slow("MANIFEST_INVALID");
    return to_response(error, About::Manifest, request_.id());
  }

 private:
  Bytes take_bytes() {
    if (pieces_.size() == 1) return std::move(pieces_.front());
    Bytes bytes;
    std::size_t size = 0;
    for (const Bytes& piece : pieces_) size += piece.size();
    bytes.reserve(size);
    for (const Bytes& piece : std::exchange(pieces_, {})) bytes += piece;
    return bytes;
  }

  const http::Request& request_;
  const Services& services_;
  const access::Subject subject_;
  const std::string base_;
  const oci::RepositoryName repository_;
  const registry::ManifestTarget target_;
  std::vector<Bytes> pieces_;
};

Result<void> remove_reference(Context& context, const Call& call,
                              const oci::RepositoryName& repository,
                              const oci::Reference& reference) {
  const auto precondition = precondition_of(call.request);
  auto& remover = call.services.remove;
  if (const auto* tag = std::get_if<oci::Tag>(&reference)) {
    return remover.tag(context, call.subject, repository, *tag, precondition);
  }
  const auto& digest = std::get<oci::Digest>(reference);
  return remover.manifest(context, call.subject, repository, digest,
                          [&](meta::Transaction& /*tx*/, meta::RepositoryId /*repository*/) {
                            return precondition.check(digest);
                          });
}

}  // namespace

std::optional<http::Response> Manifests::recall(const Call& call) {
  const auto manifest = call.services.pull.manifest_from_memory(call.name, call.rest);
  if (!manifest) return std::nullopt;
  return present(call, *manifest);
}

http::Reply Manifests::get(Context& context, const Call& call) {
  const auto repository = call.repository();
  ENTREPOT_API_ASSIGN(const auto reference, call.reference(), about_text(call.rest));
  Room room;
  if (call.on_reader) {
    auto reply = room.take(context, call, kReadFactor * oci::kMaxManifestBytes);
    if (reply) return *std::move(reply);
  }
  const std::uint64_t most_bytes = call.on_reader ? registry::kAnyLength : kMostReadAtOnce;
  Told told;
  if (upstream_of(call) != nullptr) {
    auto refreshed = refresh(context, call, reference);
    if (auto* reply = std::get_if<http::Reply>(&refreshed)) return std::move(*reply);
    told = std::get<Told>(std::move(refreshed));
  }
  const auto manifest =
      call.services.pull.manifest(context, repository, reference, most_bytes, told.until);
  if (!manifest) {
    const bool may_come = manifest.error().code == ErrorCode::NotFound && !call.on_upstream &&
                          upstream_of(call) != nullptr;
    if (may_come) return again_on_upstream(call);
    return call.error(manifest.error(), about(reference));
  }
  if (!*manifest) return again_on_reader();
  auto response = present(call, **manifest);
  if (!told.warning.empty()) warn(response, told.warning);
  return response;
}

http::Reply Manifests::put(Context& /*context*/, const Call& call) {
  const auto repository = call.repository();
  ENTREPOT_API_ASSIGN(const auto reference, call.reference(), about_text(call.rest));
  registry::ManifestTarget target;
  target.precondition = precondition_of(call.request);
  if (const auto* digest = std::get_if<oci::Digest>(&reference)) {
    target.digest = *digest;
    const auto tags = call.request.parameters("tag");
    if (tags.size() > kMaxTagsAPush) {
      return error_response(
          400, "TAG_INVALID",
          fmt::format("one push sets at most {} tags, not {}", kMaxTagsAPush, tags.size()));
    }
    for (const std::string& text : tags) {
      ENTREPOT_API_ASSIGN(auto tag, oci::Tag::parse(text), About::Tag);
      target.tags.push_back(std::move(tag));
    }
  } else {
    target.tags.push_back(std::get<oci::Tag>(reference));
  }
  return http::Receive{std::make_unique<ManifestBody>(call, repository, std::move(target)),
                       oci::kMaxManifestBytes, kParseFactor};
}

http::Reply Manifests::remove(Context& context, const Call& call) {
  const auto repository = call.repository();
  ENTREPOT_API_ASSIGN(const auto reference, call.reference(), about_text(call.rest));
  const auto removed = remove_reference(context, call, repository, reference);
  if (!removed) return call.error(removed.error(), about(reference));
  http::Response response;
  response.status = 202;
  return response;
}

}  // namespace entrepot::api::distribution
