#include "import/internal/inspector.h"

#include <algorithm>

#include "base/log.h"
#include "crypto/hash.h"
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

// A link that leads nowhere is counted, and so is what only has its place; a folder without a link
// file is what a delete leaves.
template <class T>
Result<bool> is_usable(const Result<T>& link, Findings& findings) {
  if (link) return true;
  const ErrorCode code = link.error().code;
  if (code == ErrorCode::Corrupt) ++findings.counts.dangling;
  if (code == ErrorCode::Conflict) ++findings.counts.odd;
  if (code == ErrorCode::Unavailable) return Failure(link.error());
  return false;
}

// There are no such bytes: nothing, something that is no file, or another algorithm's name.
bool is_absent(const Error& error) {
  return error.code == ErrorCode::NotFound || error.code == ErrorCode::InvalidArgument ||
         error.code == ErrorCode::Conflict;
}

// Does the manifest count on the repository having these bytes?
bool is_expected_here(const oci::NamedDigest& named) {
  return named.digest.algorithm() == oci::HashAlgorithm::Sha256 &&
         !oci::media_type::is_nondistributable(named.media_type);
}

}  // namespace

Result<Found> Inspector::look(Context& context, const Place& place, Findings& findings) {
  if (place.stage == Stage::Manifests) return manifest(context, place, findings);
  if (place.stage == Stage::Layers) return layer(context, place, findings);
  return tag(context, place, findings);
}

// Read once more, because it may hold anything. What cannot be read is left where it is.
Result<void> Inspector::leave_out(const std::string& path, Findings& findings, bool leads) {
  auto link = tree_.text(path);
  if (link) {
    findings.left_out.push_back({path, std::move(link->text), link->written_at, leads});
  } else if (link.error().code == ErrorCode::Unavailable) {
    return propagate(std::move(link));
  }
  return {};
}

Result<Source> Inspector::open(Context& context, const Digest& digest) {
  if (digest.algorithm() != oci::HashAlgorithm::Sha256) return tree_.blob(digest);
  return blobs_.open(context, digest);
}

Result<Found> Inspector::manifest(Context& context, const Place& place, Findings& findings) {
  const auto link = tree_.revision(place.repository, place.item);
  TRY_ASSIGN(const bool usable, is_usable(link, findings));
  const std::string path = revision_link(place.repository, place.item);
  if (!usable) TRY(leave_out(path, findings));
  if (!usable) return Found();
  const Digest digest = link->target;
  auto source = open(context, digest);
  if (!source && !is_absent(source.error())) return propagate(std::move(source));
  if (!source) {
    tell(place, "there is no such file");
    findings.unreadable = true;
    ++findings.counts.dangling;
    TRY(leave_out(path, findings));
    return Found();
  }
  if (source->size_bytes() > oci::kMaxManifestBytes) {
    tell(place, "it is too large for a manifest");
    findings.unreadable = true;
    ++findings.counts.unreadable;
    TRY(leave_out(path, findings));
    FoundManifest found;
    if (digest.algorithm() == oci::HashAlgorithm::Sha256) {
      found.file = meta::Blob{digest, source->size_bytes()};
    }
    found.at = link->written_at;
    return found;
  }
  TRY_ASSIGN(Bytes bytes, read_all(context, *source, oci::kMaxManifestBytes));
  if (Digest::of(bytes, digest.algorithm()) != digest) {
    tell(place, "its bytes are not those that it was pushed with");
    findings.unreadable = true;
    if (digest.algorithm() == oci::HashAlgorithm::Sha256) findings.damaged.push_back(digest);
    TRY(leave_out(path, findings));
    return Found();
  }
  TRY_ASSIGN(FoundManifest found, read(context, *link, std::move(bytes), findings));
  if (oci::media_type::is_schema1(found.row->media_type)) {
    tell(place, "manifests of schema 1 are kept, but not served");
  }
  return found;
}

// Whatever the bytes are, they are what the old registry has under that name.
Result<FoundManifest> Inspector::read(Context& context, const LinkFile& link, Bytes bytes,
                                      Findings& findings) {
  const oci::ManifestAtRest manifest = oci::read_manifest_at_rest(bytes);
  const bool schema1 = oci::media_type::is_schema1(manifest.media_type);
  if (schema1) ++findings.counts.schema1;
  if (schema1 || !manifest.is_whole) findings.unreadable = true;
  FoundManifest found;
  found.at = link.written_at;
  if (link.target.algorithm() == oci::HashAlgorithm::Sha256) {
    found.file = meta::Blob{link.target, bytes.size()};
  }
  for (const oci::NamedDigest& named : manifest.named) {
    TRY(context.alive());
    TRY_ASSIGN(const auto blob, find_named(context, named, findings));
    if (!blob) continue;
    if (named.kind == oci::ReferenceKind::Child) {
      findings.children.push_back({blob->digest, found.at});
    }
    found.named.push_back(*blob);
  }
  std::erase_if(found.named, [&](const meta::Blob& blob) {
    const auto& damaged = findings.damaged;
    return std::find(damaged.begin(), damaged.end(), blob.digest) != damaged.end();
  });
  found.row = registry::to_row(manifest, link.target, std::move(bytes));
  found.row->pushed_at = found.at;
  return found;
}

// The named bytes, if they are there as they are named. A blob whose size is not what the manifest
// says is damaged, or the manifest is wrong.
Result<std::optional<meta::Blob>> Inspector::find_named(Context& context,
                                                        const oci::NamedDigest& named,
                                                        Findings& findings) {
  const auto stat = blobs_.stat(context, named.digest);
  if (!stat && is_absent(stat.error())) return std::nullopt;
  if (!stat) return Failure(stat.error());
  if (!named.size_bytes || stat->size_bytes == *named.size_bytes) {
    if (!is_expected_here(named)) return std::nullopt;
    return meta::Blob{named.digest, stat->size_bytes};
  }
  if (named.kind == oci::ReferenceKind::Child) return std::nullopt;
  TRY_ASSIGN(const bool intact, has_hash(context, named.digest, named.digest, findings));
  auto& damaged = findings.damaged;
  const bool known = std::find(damaged.begin(), damaged.end(), named.digest) != damaged.end();
  if (!intact && !known) damaged.push_back(named.digest);
  return std::nullopt;
}

Result<Found> Inspector::child(Context& context, const std::string& repository, const Child& child,
                               Findings& findings) {
  const std::string digest = child.digest.to_string();
  TRY_ASSIGN(const bool has_place, tree_.has_revision(repository, digest));
  if (has_place) return Found();  // its own turn comes, or a delete left it
  LinkFile link{child.digest, child.at};
  if (const auto layer = tree_.layer(repository, digest)) link.written_at = layer->written_at;
  auto source = blobs_.open(context, child.digest);
  if (!source && is_absent(source.error())) return Found();
  if (!source) return propagate(std::move(source));
  TRY_ASSIGN(auto found, manifest_in_blob(context, link, *source, findings));
  if (!found) return Found();
  return std::move(*found);
}

// Distribution looks among the layers, too, when it is asked for a manifest.
Result<std::optional<FoundManifest>> Inspector::manifest_in_blob(Context& context,
                                                                 const LinkFile& link,
                                                                 Source& source,
                                                                 Findings& findings) {
  constexpr std::string_view kBegins = "{ \t\r\n";
  if (source.size_bytes() > oci::kMaxManifestBytes) return std::nullopt;
  char first = 0;
  TRY_ASSIGN(const std::size_t any, read_some(context, source, 0, {&first, 1}));
  if (any == 0 || kBegins.find(first) == std::string_view::npos) return std::nullopt;
  TRY_ASSIGN(Bytes bytes, read_all(context, source, oci::kMaxManifestBytes));
  if (!oci::read_manifest_at_rest(bytes).looks_like_one) return std::nullopt;
  if (Digest::of(bytes) != link.target) return std::nullopt;
  TRY_ASSIGN(auto found, read(context, link, std::move(bytes), findings));
  return found;
}

// Are the stored bytes those that `hash` names? Reads all of them, but not twice.
Result<bool> Inspector::has_hash(Context& context, const Digest& stored, const Digest& hash,
                                 Findings& findings) {
  const auto known = hashed_.find({stored, hash});
  if (known != hashed_.end()) return known->second;
  TRY_ASSIGN(Source source, blobs_.open(context, stored));
  crypto::Hasher hasher(hash.algorithm());
  std::vector<char> buffer(kPiece);
  std::uint64_t offset = 0;
  while (true) {
    TRY(context.alive());
    TRY_ASSIGN(const std::size_t size, read_some(context, source, offset, buffer));
    if (size == 0) break;
    hasher.update({buffer.data(), size});
    offset += size;
  }
  findings.hashed_bytes += offset;
  const bool right = Digest::from_hash(hash.algorithm(), hasher.value()) == hash;
  hashed_.emplace(std::pair(stored, hash), right);
  return right;
}

// `_layers/sha512/…/link` holds the sha256 under which the bytes are kept. Whoever asks any
// repository for that sha512 gets them, so it is hashed before it is believed.
Result<Found> Inspector::layer(Context& context, const Place& place, Findings& findings) {
  const auto link = tree_.layer(place.repository, place.item);
  TRY_ASSIGN(const bool usable, is_usable(link, findings));
  const std::string path = layer_link(place.repository, place.item);
  if (!usable) TRY(leave_out(path, findings));
  if (!usable) return Found();
  auto source = blobs_.open(context, link->target);
  if (!source && !is_absent(source.error())) return propagate(std::move(source));
  const auto named = Digest::parse(place.item);
  const bool is_alias = named && *named != link->target;
  bool believed = source.has_value();
  if (source && is_alias) {
    TRY_ASSIGN(believed, has_hash(context, link->target, *named, findings));
  }
  if (!believed) {
    ++findings.counts.dangling;
    TRY(leave_out(path, findings));
    return Found();
  }
  FoundLayer found{{link->target, source->size_bytes()}, std::nullopt, link->written_at, {}};
  if (is_alias) {
    found.alias = *named;
    return found;
  }
  TRY_ASSIGN(const bool has_place, tree_.has_revision(place.repository, place.item));
  if (!has_place) {
    TRY_ASSIGN(found.manifest, manifest_in_blob(context, *link, *source, findings));
  }
  // An export writes a manifest's link among the revisions alone.
  if (has_place || found.manifest) TRY(leave_out(path, findings, true));
  return found;
}

Result<Found> Inspector::tag(Context& context, const Place& place, Findings& findings) {
  const auto tag = oci::Tag::parse(place.item);
  if (!tag) ++findings.counts.unreadable;
  if (tag) {
    auto folder = tree_.tag(place.repository, place.item);
    TRY_ASSIGN(const bool usable, is_usable(folder, findings));
    if (usable) return FoundTag{*tag, std::move(*folder)};
  }
  TRY_ASSIGN(const auto links, tree_.link_files(context, tag_folder(place.repository, place.item)));
  for (const std::string& link : links) TRY(leave_out(link, findings));
  return Found();
}

}  // namespace entrepot::import
