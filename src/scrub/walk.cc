#include "scrub/walk.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "registry/manifest_row.h"

namespace entrepot::scrub {

using oci::Digest;
using oci::RepositoryName;
using registry::Finding;

namespace {

constexpr std::size_t kManifestsAStep = 16;
constexpr std::size_t kBlobsAPage = 1000;

constexpr std::array<std::string_view, 4> kStageNames = {"manifests", "blobs", "marked", "end"};

// What the rows of a manifest should be: as a push reads it, or, where its bytes do not pass for
// one today, as it was read when it was taken over from another registry.
meta::NewManifest row_of(const meta::StoredManifest& stored) {
  const auto filled = [&](meta::NewManifest row) {
    row.repository = stored.manifest.repository;
    return row;
  };
  for (const std::string_view type :
       {std::string_view(stored.manifest.media_type), std::string_view()}) {
    const auto parsed = oci::parse_manifest(stored.bytes, type);
    if (parsed) return filled(registry::to_row(*parsed, stored.manifest.digest, stored.bytes));
  }
  return filled(registry::to_row(oci::read_manifest_at_rest(stored.bytes), stored.manifest.digest,
                                 stored.bytes));
}

}  // namespace

std::string to_text(const Place& place) {
  return fmt::format("{} {} {}", kStageNames[static_cast<std::size_t>(place.stage)],
                     place.repository.empty() ? "-" : place.repository,
                     place.digest ? place.digest->to_string() : "-");
}

Place parse_place(std::string_view text) {
  const auto first = text.find(' ');
  const auto second = text.rfind(' ');
  if (first == text.npos || second == first) return {};
  const auto stage = std::find(kStageNames.begin(), kStageNames.end(), text.substr(0, first));
  if (stage == kStageNames.end()) return {};
  Place place;
  place.stage = static_cast<Stage>(stage - kStageNames.begin());
  const std::string_view repository = text.substr(first + 1, second - first - 1);
  if (repository != "-") place.repository = repository;
  if (const auto digest = Digest::parse(text.substr(second + 1))) place.digest = *digest;
  return place;
}

Result<bool> Walk::step(Context& context, const registry::AfterPiece& after_piece) {
  TRY(context.alive());
  switch (place_.stage) {
    case Stage::Manifests:
      return step_manifests(context, after_piece);
    case Stage::Blobs:
      return step_blobs(context, after_piece);
    case Stage::Marked:
      return step_marked(context, after_piece);
    case Stage::End:
      return false;
  }
  return false;
}

Result<bool> Walk::next_repository(Context& context) {
  TRY_ASSIGN(const auto next, stores_.meta.view<std::vector<RepositoryName>>(
                                  context, [&](const meta::Snapshot& snapshot) {
                                    return snapshot.repositories().list(place_.repository, 1);
                                  }));
  place_ = next.empty() ? Place{Stage::Blobs, "", std::nullopt}
                        : Place{Stage::Manifests, next.front().str(), std::nullopt};
  return !next.empty();
}

Result<bool> Walk::step_manifests(Context& context, const registry::AfterPiece& after_piece) {
  const auto repository = RepositoryName::parse(place_.repository);
  if (!repository) {
    TRY(next_repository(context));
    return true;
  }
  TRY_ASSIGN(
      const auto rows,
      stores_.meta.view<std::vector<meta::Manifest>>(
          context, [&](const meta::Snapshot& snapshot) -> Result<std::vector<meta::Manifest>> {
            TRY_ASSIGN(const auto home, if_there(snapshot.repositories().find(*repository)));
            if (!home) return std::vector<meta::Manifest>();
            return snapshot.manifests().list(home->id, place_.digest, kManifestsAStep);
          }));
  for (const meta::Manifest& row : rows) {
    TRY(verify_manifest(context, *repository, row));
    place_.digest = row.digest;
    TRY(after_piece(row.size_bytes));
  }
  if (rows.size() < kManifestsAStep) TRY(next_repository(context));
  return true;
}

Result<void> Walk::verify_manifest(Context& context, const RepositoryName& repository,
                                   const meta::Manifest& row) {
  TRY_ASSIGN(const auto stored, if_there(stores_.meta.view<meta::StoredManifest>(
                                    context, [&](const meta::Snapshot& snapshot) {
                                      return snapshot.manifests().find(repository,
                                                                       oci::Reference(row.digest));
                                    })));
  if (!stored) return {};
  ++counts_.manifests;
  counts_.bytes += stored->bytes.size();
  if (Digest::of(stored->bytes, row.digest.algorithm()) == row.digest) {
    return verify_rows(context, *stored);
  }
  TRY_ASSIGN(const Finding finding, quarantine_.manifest(context, repository, row.digest));
  if (finding == Finding::SetAside) ++counts_.damaged;
  return {};
}

Result<void> Walk::verify_rows(Context& context, const meta::StoredManifest& stored) {
  const meta::NewManifest right = row_of(stored);
  TRY_ASSIGN(const auto agrees,
             if_there(stores_.meta.view<bool>(context, [&](const meta::Snapshot& snapshot) {
               return snapshot.damage().agrees(right);
             })));
  if (agrees.value_or(true)) return {};  // or deleted meanwhile
  if (rows_ == Rows::LeaveAlone) {
    ++counts_.unmended;
    return {};
  }
  // What changed since was changed by a push, which has written the same.
  TRY_ASSIGN(const bool mended, if_there(stores_.meta.write(context, [&](meta::Transaction& tx) {
               return tx.damage().rewrite(right);
             })));
  if (!mended) return {};  // deleted meanwhile
  ++counts_.mended;
  log::warning("mended: what was kept about manifest {} was not what its bytes say",
               right.digest.to_string());
  return {};
}

Result<bool> Walk::step_blobs(Context& context, const registry::AfterPiece& after_piece) {
  TRY_ASSIGN(const auto next, stores_.meta.view<std::vector<meta::Blob>>(
                                  context, [&](const meta::Snapshot& snapshot) {
                                    return snapshot.blobs().list(place_.digest, 1);
                                  }));
  if (next.empty()) {
    place_ = {Stage::Marked, "", std::nullopt};
    return true;
  }
  const meta::Blob& blob = next.front();
  TRY_ASSIGN(const auto sighting, registry::verify(context, stores_.blobs, blob, after_piece));
  ++counts_.blobs;
  counts_.bytes += blob.size_bytes;
  if (sighting) {
    TRY_ASSIGN(const Finding finding, quarantine_.blob(context, blob.digest, *sighting));
    if (finding == Finding::SetAside) ++counts_.damaged;
  }
  place_.digest = blob.digest;
  return true;
}

Result<bool> Walk::step_marked(Context& context, const registry::AfterPiece& after_piece) {
  TRY_ASSIGN(const auto next, stores_.meta.view<std::vector<meta::Blob>>(
                                  context, [&](const meta::Snapshot& snapshot) {
                                    return snapshot.damage().blobs(place_.digest, 1);
                                  }));
  if (next.empty()) {
    place_ = {Stage::End, "", std::nullopt};
    return false;
  }
  TRY_ASSIGN(const auto sighting,
             registry::verify(context, stores_.blobs, next.front(), after_piece));
  if (!sighting && rows_ == Rows::Mend) TRY(unmark(context, next.front()));
  place_.digest = next.front().digest;
  return true;
}

// A disk that was not there, say, is there again. Nobody removes or replaces the bytes of a marked
// blob but a push, which takes the mark away as well.
Result<void> Walk::unmark(Context& context, const meta::Blob& blob) {
  const MutexLock lock(stores_.locks.of(blob.digest));
  TRY(stores_.meta.write(
      context, [&](meta::Transaction& tx) { return tx.damage().clear_blob(blob.digest); }));
  ++counts_.mended;
  log::warning("mended: blob {} was marked as damaged, and is whole", blob.digest.to_string());
  return {};
}

Result<std::uint64_t> measure(Context& context, meta::Store& meta) {
  std::uint64_t bytes = 0;
  std::optional<Digest> after;
  do {
    TRY(context.alive());
    TRY_ASSIGN(const auto page,
               meta.view<std::vector<meta::Blob>>(context, [&](const meta::Snapshot& snapshot) {
                 return snapshot.blobs().list(after, kBlobsAPage);
               }));
    for (const meta::Blob& blob : page) bytes += blob.size_bytes;
    after = page.size() < kBlobsAPage ? std::nullopt : std::optional(page.back().digest);
  } while (after);
  return bytes;
}

}  // namespace entrepot::scrub
