#include "import/export.h"

#include <map>
#include <set>
#include <vector>

#include "import/internal/layout_writer.h"
#include "import/internal/left_out.h"

namespace entrepot::import {

using meta::RepositoryId;
using oci::Digest;
using oci::RepositoryName;

namespace {

constexpr std::size_t kNames = 1000;
constexpr std::size_t kManifests = 20;  // each may have 4 MiB
constexpr std::size_t kTagMoves = 1000;
constexpr std::size_t kBlobs = 500;
constexpr std::size_t kLeftOut = 500;
constexpr std::size_t kAllHolders = std::size_t{1} << 32;

// A manifest with what its repository has of what it names.
struct WholeManifest {
  meta::Manifest row;
  Bytes bytes;
  std::set<std::pair<Digest, Digest>> blobs;  // as it names them, and as they are kept
};

struct WholeTag {
  meta::TagRow row;
  std::vector<meta::TagMove> moves;
};

Result<WholeManifest> read_manifest(const meta::Snapshot& snapshot, const RepositoryName& name,
                                    const meta::Manifest& row) {
  TRY_ASSIGN(auto stored, snapshot.manifests().find(name, oci::Reference(row.digest)));
  WholeManifest manifest{row, std::move(stored.bytes), {}};
  TRY_ASSIGN(const auto references, snapshot.manifests().references(row.repository, row.digest));
  for (const auto& reference : references) {
    const auto blob = snapshot.blobs().find(row.repository, reference.digest);
    if (blob) manifest.blobs.emplace(reference.digest, blob->digest);
  }
  return manifest;
}

// A manifest's own file has its link among the revisions, or none since it was deleted:
// distribution would serve it again if it found one among the layers.
Result<bool> is_linked_as_layer(const meta::Snapshot& snapshot, RepositoryId repository,
                                const Digest& digest) {
  const auto& manifests = snapshot.manifests();
  if (manifests.find(repository, digest)) return false;
  if (manifests.user_of(repository, digest)) return true;
  TRY_ASSIGN(const bool deleted, manifests.was_deleted(repository, digest));
  return !deleted;
}

class Run {
 public:
  Run(blob::BlobStore& blobs, meta::Store& meta, const Export::Options& options,
      LayoutWriter& writer)
      : blobs_(blobs), meta_(meta), options_(options), writer_(writer) {}

  Result<void> write_repositories(Context& context);
  Result<void> write_layers(Context& context);
  Result<void> write_left_out(Context& context);
  Result<void> forget_left_out(Context& context);
  const ExportReport& report() const { return report_; }

 private:
  Result<void> write_manifests(Context& context, const meta::Repository& repository);
  Result<void> write_manifest(Context& context, const RepositoryName& name,
                              WholeManifest& manifest);
  Result<void> write_tags(Context& context, const meta::Repository& repository);
  Result<void> write_tag(const RepositoryName& name, const WholeTag& tag);
  Result<void> write_blob(Context& context, const Digest& digest);
  void tell(std::string_view phase, std::uint64_t done) const;

  blob::BlobStore& blobs_;
  meta::Store& meta_;
  const Export::Options& options_;
  LayoutWriter& writer_;
  ExportReport report_;
  std::map<RepositoryId, RepositoryName> names_;
};

Result<void> Run::write_repositories(Context& context) {
  std::string after;
  while (true) {
    TRY_ASSIGN(
        const auto repositories,
        meta_.view<std::vector<meta::Repository>>(
            context, [&](const meta::Snapshot& snapshot) -> Result<std::vector<meta::Repository>> {
              std::vector<meta::Repository> found;
              TRY_ASSIGN(const auto names, snapshot.repositories().list_all(after, kNames));
              for (const RepositoryName& name : names) {
                TRY_ASSIGN(auto repository, snapshot.repositories().find(name));
                found.push_back(std::move(repository));
              }
              return found;
            }));
    for (const meta::Repository& repository : repositories) {
      names_.emplace(repository.id, repository.name);
      TRY(writer_.repository(repository.name));
      TRY(write_manifests(context, repository));
      TRY(write_tags(context, repository));
      ++report_.repositories;
      tell("writing repositories", report_.repositories);
    }
    if (repositories.size() < kNames) return {};
    after = repositories.back().name.str();
  }
}

Result<void> Run::write_manifests(Context& context, const meta::Repository& repository) {
  std::optional<Digest> after;
  do {
    TRY(context.alive());
    TRY_ASSIGN(
        auto manifests,
        meta_.view<std::vector<WholeManifest>>(
            context, [&](const meta::Snapshot& snapshot) -> Result<std::vector<WholeManifest>> {
              std::vector<WholeManifest> found;
              TRY_ASSIGN(const auto rows,
                         snapshot.manifests().list(repository.id, after, kManifests));
              for (const meta::Manifest& row : rows) {
                TRY_ASSIGN(auto manifest, read_manifest(snapshot, repository.name, row));
                found.push_back(std::move(manifest));
              }
              return found;
            }));
    for (WholeManifest& manifest : manifests) {
      TRY(write_manifest(context, repository.name, manifest));
    }
    after =
        manifests.size() < kManifests ? std::nullopt : std::optional(manifests.back().row.digest);
  } while (after);
  return {};
}

Result<void> Run::write_manifest(Context& context, const RepositoryName& name,
                                 WholeManifest& manifest) {
  // Damage is not handed on under a good name.
  const Digest& digest = manifest.row.digest;
  if (Digest::of(manifest.bytes, digest.algorithm()) != digest) {
    ++report_.missing;
    return {};
  }
  Source bytes(std::make_shared<const std::string>(std::move(manifest.bytes)));
  TRY(writer_.blob(context, manifest.row.digest, bytes));
  TRY(writer_.revision(name, manifest.row.digest, manifest.row.pushed_at));
  ++report_.manifests;
  for (const auto& [named, stored] : manifest.blobs) {
    if (named != stored) TRY(writer_.layer(name, named, stored, manifest.row.pushed_at));
    TRY_ASSIGN(const bool has_bytes, is_there(blobs_.stat(context, stored)));
    if (!has_bytes) ++report_.missing;
  }
  return {};
}

Result<void> Run::write_tags(Context& context, const meta::Repository& repository) {
  std::string after;
  while (true) {
    TRY(context.alive());
    TRY_ASSIGN(const auto tags,
               meta_.view<std::vector<WholeTag>>(
                   context, [&](const meta::Snapshot& snapshot) -> Result<std::vector<WholeTag>> {
                     std::vector<WholeTag> found;
                     const auto& rows = snapshot.tags();
                     TRY_ASSIGN(const auto names, rows.list(repository.id, after, kNames));
                     for (const oci::Tag& tag : names) {
                       TRY_ASSIGN(auto row, rows.find(repository.id, tag));
                       TRY_ASSIGN(auto moves, rows.history(repository.id, tag, kTagMoves));
                       std::erase_if(moves, [&](const meta::TagMove& move) {
                         return !move.digest || *move.digest == row.digest ||
                                !snapshot.manifests().find(repository.id, *move.digest);
                       });
                       found.push_back({std::move(row), std::move(moves)});
                     }
                     return found;
                   }));
    for (const WholeTag& tag : tags) TRY(write_tag(repository.name, tag));
    if (tags.size() < kNames) return {};
    after = tags.back().row.tag.str();
  }
}

Result<void> Run::write_tag(const RepositoryName& name, const WholeTag& tag) {
  for (auto move = tag.moves.rbegin(); move != tag.moves.rend(); ++move) {  // the last one's time
    TRY(writer_.tag_before(name, tag.row.tag, *move->digest, move->at));
  }
  TRY(writer_.tag(name, tag.row.tag, tag.row.digest, tag.row.moved_at));
  ++report_.tags;
  return {};
}

// By blob, because the metadata finds a blob's repositories at once, and not the other way round.
Result<void> Run::write_layers(Context& context) {
  std::optional<Digest> after;
  std::uint64_t seen = 0;
  while (true) {
    TRY(context.alive());
    std::vector<Digest> digests;
    TRY(blobs_.list(context, after, [&](const blob::Stored& stored) {
      digests.push_back(stored.digest);
      return digests.size() < kBlobs;
    }));
    if (digests.empty()) return {};
    after = digests.back();
    for (const Digest& digest : digests) TRY(write_blob(context, digest));
    seen += digests.size();
    tell("linking blobs", seen);
  }
}

Result<void> Run::write_blob(Context& context, const Digest& digest) {
  struct Holder {
    RepositoryId id;
    WallTime linked_at;
  };
  bool used = false;  // also where no link says so
  TRY_ASSIGN(const auto holders,
             meta_.view<std::vector<Holder>>(
                 context, [&](const meta::Snapshot& snapshot) -> Result<std::vector<Holder>> {
                   std::vector<Holder> found;
                   TRY_ASSIGN(used, snapshot.manifests().used_anywhere(digest));
                   TRY_ASSIGN(const auto ids, snapshot.blobs().holders(digest, kAllHolders));
                   for (const RepositoryId id : ids) {
                     TRY_ASSIGN(const bool is_layer, is_linked_as_layer(snapshot, id, digest));
                     if (!is_layer) continue;
                     TRY_ASSIGN(const WallTime at, snapshot.blobs().linked_at(id, digest));
                     found.push_back({id, at});
                   }
                   return found;
                 }));
  if (holders.empty() && !used) return {};
  TRY_ASSIGN(Source bytes, blobs_.open(context, digest));
  TRY_ASSIGN(const std::uint64_t copied, writer_.blob(context, digest, bytes));
  report_.copied_bytes += copied;
  for (const Holder& holder : holders) {
    const auto name = names_.find(holder.id);
    if (name == names_.end()) continue;  // made since
    TRY(writer_.layer(name->second, digest, digest, holder.linked_at));
    ++report_.blobs;
  }
  return {};
}

// After all else, which is newer.
Result<void> Run::write_left_out(Context& context) {
  std::string after;
  while (true) {
    TRY(context.alive());
    TRY_ASSIGN(auto found,
               meta_.view<std::vector<LeftOut>>(context, [&](const meta::Snapshot& snapshot) {
                 return list_left_out(snapshot.settings(), after, kLeftOut);
               }));
    if (found.empty()) return {};
    after = found.back().path;
    TRY_ASSIGN(found,
               meta_.view<std::vector<LeftOut>>(
                   context, [&](const meta::Snapshot& snapshot) -> Result<std::vector<LeftOut>> {
                     std::vector<LeftOut> left;
                     for (LeftOut& each : found) {
                       TRY_ASSIGN(const bool good, is_to_be_given_back(snapshot, each));
                       if (good) left.push_back(std::move(each));
                     }
                     return left;
                   }));
    for (const LeftOut& left_out : found) {
      TRY_ASSIGN(const bool written, writer_.left_out(left_out));
      if (written) ++report_.given_back;
    }
    tell("giving back what was left out", report_.given_back);
  }
}

// The old registry has them again, and what it does with them counts.
Result<void> Run::forget_left_out(Context& context) {
  while (true) {
    TRY_ASSIGN(const auto found,
               meta_.view<std::vector<LeftOut>>(context, [&](const meta::Snapshot& snapshot) {
                 return list_left_out(snapshot.settings(), "", kLeftOut);
               }));
    if (found.empty()) return {};
    TRY(meta_.write(context, [&](meta::Transaction& tx) -> Result<void> {
      for (const LeftOut& left_out : found) TRY(forget(tx.settings(), left_out));
      return {};
    }));
  }
}

void Run::tell(std::string_view phase, std::uint64_t done) const {
  if (options_.progress) options_.progress({phase, done, 0});
}

}  // namespace

std::string to_text(const ExportReport& report) {
  std::string text = fmt::format("{} repositories, {} manifests, {} tags, {} links to blobs",
                                 report.repositories, report.manifests, report.tags, report.blobs);
  if (report.copied_bytes > 0) text += fmt::format(", {} bytes copied", report.copied_bytes);
  if (report.given_back > 0) {
    text += fmt::format(", {} links given back as they were found", report.given_back);
  }
  if (report.missing > 0) text += fmt::format(", {} blobs missing", report.missing);
  return text;
}

Result<ExportReport> Export::run(Context& context) {
  TRY_ASSIGN(LayoutWriter writer, LayoutWriter::begin(options_.target));
  Run run(blobs_, meta_, options_, writer);
  TRY(run.write_repositories(context));
  TRY(run.write_layers(context));
  TRY(run.write_left_out(context));
  TRY(writer.finish());
  if (options_.in_place) TRY(run.forget_left_out(context));
  return run.report();
}

}  // namespace entrepot::import
