#include "api/distribution/blobs.h"

#include <fmt/format.h>

#include "api/distribution/upstream.h"
#include "http/range.h"

namespace entrepot::api::distribution {
namespace {

// Leaves `range` of the source; a stream cannot be cut, so it is sent whole.
bool cut(Source& source, const ByteRange& range) {
  ByteRange* whole = nullptr;
  if (FileRange* file = source.file()) whole = &file->range;
  if (GrowingRange* growing = source.growing()) whole = &growing->range;
  if (whole == nullptr) return false;
  *whole = {whole->offset_bytes + range.offset_bytes, range.length_bytes};
  return true;
}

// present() for a finisher: its commit comes first.
http::Reply keep_and_present(const Call& call, const oci::RepositoryName& repository,
                             const oci::Digest& digest, registry::OpenBlob blob) {
  auto held = std::make_shared<registry::OpenBlob>(std::move(blob));
  return http::Finish{[&request = call.request, &pull = call.services.pull, repository, digest,
                       held](Context& context) {
    const auto kept = pull.keep_from_review(context, repository, digest);
    if (!kept) return to_response(kept.error(), About::Blob, request.id());
    return Blobs::present(request, digest.to_string(), held->size_bytes, std::move(held->bytes));
  }};
}

// The answer to HEAD has a length and no bytes.
class NoBytes final : public ByteStream {
 public:
  Result<std::size_t> read(Context& /*context*/, std::span<char> /*buffer*/) override {
    return std::size_t{0};
  }
};

// What another registry has, and we do not yet.
Result<registry::OpenBlob> bring(Context& context, const Call& call,
                                 const oci::RepositoryName& repository, const oci::Digest& digest) {
  registry::UpstreamSource& upstream = *call.services.upstream;
  if (call.request.method() != http::Method::Head) {
    return upstream.blob(context, repository, digest);
  }
  TRY_ASSIGN(const std::uint64_t size, upstream.blob_size(context, repository, digest));
  return registry::OpenBlob{size, Source(StreamRange{std::make_unique<NoBytes>(), size})};
}

}  // namespace

http::Response Blobs::present(const http::Request& request, std::string_view digest,
                              std::uint64_t size_bytes, Source bytes) {
  http::Response response;
  const std::string etag = fmt::format("\"{}\"", digest);
  response.with("Docker-Content-Digest", std::string(digest))
      .with("ETag", etag)
      .with("Cache-Control", "private, max-age=31536000")
      .with("Accept-Ranges", "bytes");
  if (http::none_match_hits(request, etag)) {
    response.status = 304;
    return response;
  }
  const auto range = http::choose_range(request, size_bytes, etag);
  if (std::holds_alternative<http::Unsatisfiable>(range)) {
    auto refused =
        error_response(416, "RANGE_INVALID", fmt::format("the blob has {} bytes", size_bytes));
    refused.with("Content-Range", fmt::format("bytes */{}", size_bytes));
    return refused;
  }
  constexpr std::string_view kType = "application/octet-stream";
  const auto* several = std::get_if<http::SeveralRanges>(&range);
  if (const FileRange* file = bytes.file(); several != nullptr && file != nullptr) {
    http::answer_in_parts(response, *file, *several, kType);
    return response;
  }
  response.with("Content-Type", std::string(kType));
  if (const auto* part = std::get_if<ByteRange>(&range); part != nullptr && cut(bytes, *part)) {
    response.status = 206;
    response.with("Content-Range", http::content_range(*part, size_bytes));
  }
  response.body = std::move(bytes);
  return response;
}

std::optional<http::Response> Blobs::recall(const Call& call) {
  const auto blob = call.services.pull.blob_from_memory(call.name, call.rest);
  if (!blob || !blob->file) return std::nullopt;
  return present(call.request, blob->digest, blob->size_bytes,
                 Source(FileRange{blob->file, {0, blob->size_bytes}}));
}

http::Reply Blobs::get(Context& context, const Call& call) {
  const auto repository = call.repository();
  ENTREPOT_API_ASSIGN(const auto digest, call.digest(), About::Digest);
  auto blob = call.services.pull.blob(context, repository, digest);
  if (!blob && blob.error().code == ErrorCode::NotFound && upstream_of(call) != nullptr) {
    if (!call.on_upstream) return again_on_upstream(call);
    blob = bring(context, call, repository, digest);
    if (!blob) return upstream_error(call, blob.error(), About::Blob);
  }
  if (!blob) return call.error(blob.error(), About::Blob);
  if (blob->review_is_near) return keep_and_present(call, repository, digest, *std::move(blob));
  return present(call.request, digest.to_string(), blob->size_bytes, std::move(blob->bytes));
}

http::Reply Blobs::remove(Context& context, const Call& call) {
  const auto repository = call.repository();
  ENTREPOT_API_ASSIGN(const auto digest, call.digest(), About::Digest);
  const auto removed = call.services.remove.blob(context, call.subject, repository, digest);
  if (!removed) return call.error(removed.error(), About::Blob);
  http::Response response;
  response.status = 202;
  return response;
}

}  // namespace entrepot::api::distribution
