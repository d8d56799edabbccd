#include "import/internal/batch.h"

#include <algorithm>
#include <iterator>

#include "import/internal/counts.h"

namespace entrepot::import {

using meta::RepositoryId;
using oci::Digest;
using oci::RepositoryName;

namespace {

constexpr std::size_t kMaxBytes = 16u << 20;

// Writes things into one repository.
struct Shelf {
  meta::Transaction& tx;
  const RepositoryName& name;
  RepositoryId id;
  WallTime now;
  AdoptReport& report;

  Result<void> put(const std::monostate&) { return {}; }
  Result<void> put(const FoundManifest& found);
  Result<void> put(const FoundLayer& found);
  Result<void> put(const FoundTag& found);

  Result<void> leave_out(const FoundTag& found, bool leads);
  Result<void> record_move(const FoundTag& found, const LinkFile& to,
                           std::optional<Digest>& previous);
};

// The file is linked as a blob, too: so it is known, and goes when the manifest is gone for good.
Result<void> Shelf::put(const FoundManifest& found) {
  if (found.file) {
    TRY(tx.blobs().record(*found.file, std::nullopt, now));
    TRY(tx.blobs().link(id, found.file->digest, found.at));
  }
  // A copy of the directory, or a power cut under it, may have lost their links.
  for (const meta::Blob& blob : found.named) {
    TRY_ASSIGN(const bool linked, is_there(tx.blobs().find(id, blob.digest)));
    if (linked) continue;
    TRY(tx.blobs().record(blob, std::nullopt, now));
    TRY(tx.blobs().link(id, blob.digest, found.at));
    ++report.blobs;
  }
  if (!found.row) return {};
  if (tx.manifests().find(id, found.row->digest)) return {};  // taken over or pushed earlier
  meta::NewManifest row = *found.row;
  row.repository = id;
  TRY(tx.manifests().put(row));
  if (!oci::media_type::is_schema1(row.media_type)) ++report.manifests;
  return {};
}

Result<void> Shelf::put(const FoundLayer& found) {
  const bool is_new = !tx.blobs().find(id, found.file.digest);
  TRY(tx.blobs().record(found.file, found.alias, now));
  TRY(tx.blobs().link(id, found.file.digest, found.at));
  if (is_new) ++report.blobs;
  if (found.manifest) TRY(put(*found.manifest));
  return {};
}

Result<void> Shelf::record_move(const FoundTag& found, const LinkFile& to,
                                std::optional<Digest>& previous) {
  TRY(tx.journal().add({.kind = events::EventKind::ManifestPushed,
                        .at = to.written_at,
                        .repository = name,
                        .digest = to.target,
                        .tag = found.tag,
                        .previous = previous}));
  previous = to.target;
  return {};
}

Result<void> Shelf::leave_out(const FoundTag& found, bool leads) {
  const LinkFile& current = found.folder.current;
  const auto keep_link = [&](const std::string& path, const LinkFile& link) {
    return keep(tx.settings(), {path, link.target.to_string(), link.written_at, leads});
  };
  TRY(keep_link(current_link(name.str(), found.tag.str()), current));
  TRY(keep_link(index_link(name.str(), found.tag.str(), current.target.to_string()), current));
  for (const LinkFile& before : found.folder.before) {
    TRY(keep_link(index_link(name.str(), found.tag.str(), before.target.to_string()), before));
  }
  return {};
}

// A tag that is there already was moved by this server, or taken over before: the later move holds.
Result<void> Shelf::put(const FoundTag& found) {
  const LinkFile& current = found.folder.current;
  TRY_ASSIGN(const auto existing, if_there(tx.tags().find(id, found.tag)));
  if (existing) {
    if (existing->digest == current.target || existing->moved_at >= current.written_at) return {};
  }
  TRY_ASSIGN(const auto manifest, if_there(tx.manifests().find(id, current.target)));
  if (!manifest || oci::media_type::is_schema1(manifest->media_type)) {
    ++report.dangling;
    return leave_out(found, manifest.has_value());
  }
  std::optional<Digest> previous;
  if (existing) previous = existing->digest;
  for (const LinkFile& before : found.folder.before) {
    if (existing && before.written_at <= existing->moved_at) continue;
    TRY(record_move(found, before, previous));
  }
  TRY(record_move(found, current, previous));
  TRY(tx.tags().move(id, found.tag, current.target, current.written_at));
  ++report.tags;
  return {};
}

std::size_t size_of(const Found& found) {
  const auto* manifest = std::get_if<FoundManifest>(&found);
  const auto* layer = std::get_if<FoundLayer>(&found);
  if (layer && layer->manifest) manifest = &*layer->manifest;
  if (!manifest) return 0;
  return manifest->named.size() * sizeof(meta::Blob) +
         (manifest->row ? manifest->row->bytes.size() : 0);
}

}  // namespace

void Batch::count(const AdoptReport& more) {
  for (const Count& count : kCounts) journey_.report.*count.field += more.*count.field;
}

Result<bool> Batch::add(Context& context, const Place& place, Found found, Findings findings) {
  TRY_ASSIGN(auto name, RepositoryName::parse(place.repository));
  count(findings.counts);
  if (findings.unreadable) journey_.unreadable.insert(place.repository);
  std::move(findings.left_out.begin(), findings.left_out.end(), std::back_inserter(left_out_));
  journey_.at = place;
  const bool begins = place.item.empty();
  if (begins) ++journey_.report.repositories;
  if (!begins && std::holds_alternative<std::monostate>(found)) return flush_if_full(context);
  return put(context, std::move(name), std::move(found));
}

Result<void> Batch::add_part(Context& context, const std::string& repository, Found found) {
  TRY_ASSIGN(auto name, RepositoryName::parse(repository));
  TRY(put(context, std::move(name), std::move(found)));
  return {};
}

Result<bool> Batch::put(Context& context, RepositoryName name, Found found) {
  bytes_ += size_of(found);
  entries_.push_back({std::move(name), std::move(found)});
  return flush_if_full(context);
}

Result<void> Batch::leave_out(Context& context, LeftOut left_out) {
  left_out_.push_back(std::move(left_out));
  TRY(flush_if_full(context));
  return {};
}

Result<bool> Batch::flush_if_full(Context& context) {
  if (entries_.size() + left_out_.size() < limit_ && bytes_ < kMaxBytes) return false;
  TRY(flush(context));
  return true;
}

Result<void> Batch::flush(Context& context, const Also& also) {
  AdoptReport report;
  const auto put = [&](meta::Transaction& tx) -> Result<void> {
    Journey reached = journey_;
    for (const Entry& entry : entries_) {
      TRY_ASSIGN(const auto home,
                 tx.repositories().find_or_create(entry.repository, clock_.wall()));
      if (home.is_new) {
        TRY(tx.journal().add({.kind = events::EventKind::RepositoryCreated,
                              .at = clock_.wall(),
                              .repository = entry.repository}));
      }
      Shelf shelf{tx, entry.repository, home.id, clock_.wall(), reached.report};
      TRY(std::visit([&](const auto& found) { return shelf.put(found); }, entry.found));
    }
    for (const LeftOut& left_out : left_out_) TRY(keep(tx.settings(), left_out));
    if (also) TRY(also(tx));
    TRY(save_journey(tx.settings(), reached));
    report = reached.report;
    return {};
  };
  TRY(meta_.write(context, {put, meta::Weight::Large}));
  journey_.report = report;
  entries_.clear();
  left_out_.clear();
  bytes_ = 0;
  return {};
}

}  // namespace entrepot::import
