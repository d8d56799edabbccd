#include "import/internal/inspector.h"

#include <algorithm>

#include "base/log.h"
#include "crypto/hash.h"
#include "import/internal/files.h"
#include "oci/manifest.h"
#include "registry/manifest_row.h"

namespace entrepot::import {

using oci::Digest;

namespace {

constexpr std::size_t kPiece = 1u << 20;

// So that an administrator can find it.
void tell(const Place& place, std::string_view what) {
  log::warning("left out: {} {}: {}", place.repository, place.item, what);
}

// A link that leads nowhere is counted; a folder without a link file is what a delete leaves.
template <class T>
Result<bool> is_usable(const Result<T>& link, Findings& findings) {
  if (link) return true;
  if (link.error().code == ErrorCode::Corrupt) ++findings.counts.dangling;
  if (link.error().code == ErrorCode::Corrupt || link.error().code == ErrorCode::NotFound) {
    return false;
  }
  return Failure(link.error());
}

// The blob store has no such bytes: they are absent, or kept under another algorithm's name.
bool is_absent(const Error& error) {
  return error.code == ErrorCode::NotFound || error.code == ErrorCode::InvalidArgument;
}

Result<oci::Manifest> parse(ByteView bytes) {
  TRY_ASSIGN(const std::string type, oci::detect_media_type(bytes));
  return oci::parse_manifest(bytes, type);
}

}  // namespace

Result<Found> Inspector::look(Context& context, const Place& place, Findings& findings) {
  if (place.stage == Stage::Manifests) return manifest(context, place, findings);
  if (place.stage == Stage::Layers) return layer(context, place, findings);
  return tag(place, findings);
}

Result<Source> Inspector::open(Context& context, const Digest& digest) {
  if (digest.algorithm() != oci::HashAlgorithm::Sha256) return tree_.blob(digest);
  return blobs_.open(context, digest);
}

Result<Found> Inspector::manifest(Context& context, const Place& place, Findings& findings) {
  const auto link = tree_.revision(place.repository, place.item);
  TRY_ASSIGN(const bool usable, is_usable(link, findings));
  if (!usable) return Found();
  const Digest digest = link->target;
  auto source = open(context, digest);
  if (!source && !is_absent(source.error())) return propagate(std::move(source));
  if (!source) {
    tell(place, "there is no such file");
    findings.unreadable = true;
    ++findings.counts.dangling;
    return Found();
  }
  FoundManifest found{std::nullopt, std::nullopt, link->written_at};
  if (digest.algorithm() == oci::HashAlgorithm::Sha256) {
    found.file = meta::Blob{digest, source->size_bytes()};
  }
  if (source->size_bytes() > oci::kMaxManifestBytes) {
    tell(place, "it is too large for a manifest");
    findings.unreadable = true;
    ++findings.counts.unreadable;
    return found;
  }
  TRY_ASSIGN(Bytes bytes, read_all(context, *source, oci::kMaxManifestBytes));
  if (Digest::of(bytes, digest.algorithm()) != digest) {
    tell(place, "its bytes are not those that it was pushed with");
    findings.unreadable = true;
    if (found.file) findings.damaged.push_back(digest);
    return Found();
  }
  const auto manifest = parse(bytes);
  if (!manifest) {
    tell(place, manifest.error().message);
    findings.unreadable = true;
    const bool schema1 = manifest.error().code == ErrorCode::Unsupported;
    ++(schema1 ? findings.counts.schema1 : findings.counts.unreadable);
    return found;
  }
  TRY(check_sizes(context, *manifest, findings));
  found.row = registry::to_row(*manifest, digest, std::move(bytes));
  found.row->pushed_at = link->written_at;
  return found;
}

// A blob whose size is not what the manifest says is damaged, or the manifest is wrong.
Result<void> Inspector::check_sizes(Context& context, const oci::Manifest& manifest,
                                    Findings& findings) {
  const auto check = [&](const oci::Descriptor& blob) -> Result<void> {
    const auto stat = blobs_.stat(context, blob.digest);
    if (!stat && is_absent(stat.error())) return {};
    if (!stat) return Failure(stat.error());
    if (stat->size_bytes == blob.size_bytes) return {};
    TRY_ASSIGN(const bool intact, is_intact(context, blob.digest));
    auto& damaged = findings.damaged;
    const bool known = std::find(damaged.begin(), damaged.end(), blob.digest) != damaged.end();
    if (!intact && !known) damaged.push_back(blob.digest);
    return {};
  };
  if (manifest.config) TRY(check(*manifest.config));
  for (const oci::Descriptor& layer : manifest.layers) TRY(check(layer));
  return {};
}

Result<bool> Inspector::is_intact(Context& context, const Digest& digest) {
  TRY_ASSIGN(Source source, blobs_.open(context, digest));
  crypto::Hasher hasher(digest.algorithm());
  std::vector<char> buffer(kPiece);
  std::uint64_t offset = 0;
  while (true) {
    TRY(context.alive());
    TRY_ASSIGN(const std::size_t size, read_piece(context, source, offset, buffer));
    if (size == 0) break;
    hasher.update({buffer.data(), size});
    offset += size;
  }
  return Digest::from_hash(digest.algorithm(), hasher.value()) == digest;
}

// `_layers/sha512/…/link` holds the sha256 under which the bytes are kept.
Result<Found> Inspector::layer(Context& context, const Place& place, Findings& findings) {
  const auto link = tree_.layer(place.repository, place.item);
  TRY_ASSIGN(const bool usable, is_usable(link, findings));
  if (!usable) return Found();
  const auto stat = blobs_.stat(context, link->target);
  if (!stat && !is_absent(stat.error())) return Failure(stat.error());
  if (!stat) {
    ++findings.counts.dangling;
    return Found();
  }
  FoundLayer found{{link->target, stat->size_bytes}, std::nullopt, link->written_at};
  const auto named = Digest::parse(place.item);
  if (named && named->algorithm() != link->target.algorithm()) found.alias = *named;
  return found;
}

Result<Found> Inspector::tag(const Place& place, Findings& findings) {
  const auto tag = oci::Tag::parse(place.item);
  if (!tag) {
    ++findings.counts.unreadable;
    return Found();
  }
  auto folder = tree_.tag(place.repository, place.item);
  TRY_ASSIGN(const bool usable, is_usable(folder, findings));
  if (!usable) return Found();
  return FoundTag{*tag, std::move(*folder)};
}

}  // namespace entrepot::import
