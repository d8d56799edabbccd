#include "collect/foresight.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "oci/manifest_at_rest.h"

namespace entrepot::collect {

using meta::RepositoryId;
using oci::Digest;

namespace {

constexpr std::size_t kRepositories = 200;
constexpr std::size_t kManifests = 100;  // in one look; each may have 4 MiB

// The name under which the bytes are kept.
Digest stored_name(const meta::Snapshot& snapshot, const Digest& named) {
  if (named.algorithm() == oci::HashAlgorithm::Sha256) return named;
  const auto blob = snapshot.blobs().find_anywhere(named);
  return blob ? blob->digest : named;
}

}  // namespace

// The manifests of one repository and how they hold each other. The rules are those of
// UntaggedManifests.
struct Foresight::Home {
  struct Node {
    bool stays = false;  // tagged, young, or of schema 1
    bool tagged = false;
    bool gone = false;
    bool has_subject = false;  // and a damaged one is never gone
    std::vector<Digest> names;
    std::optional<Digest> subject;
  };
  std::map<Digest, Node> nodes;
  std::set<Digest> named_by_damaged;

  bool is_about_something(const Node& node) const {
    if (!node.has_subject) return false;
    const auto subject = nodes.find(*node.subject);
    return subject == nodes.end() || !subject->second.gone;
  }

  // One round: what may go while all else is there. Did something?
  bool settle() {
    std::set<Digest> held = named_by_damaged;  // by a tag, or named by a manifest
    std::set<Digest> subjects;                 // of referrers that are held
    for (const auto& [digest, node] : nodes) {
      if (node.gone) continue;
      if (node.tagged) held.insert(digest);
      held.insert(node.names.begin(), node.names.end());
    }
    for (const auto& [digest, node] : nodes) {
      if (!node.gone && node.subject && held.contains(digest)) subjects.insert(*node.subject);
    }
    std::vector<Node*> go;
    for (auto& [digest, node] : nodes) {
      const bool needed = node.stays || held.contains(digest) || subjects.contains(digest) ||
                          is_about_something(node);
      if (!node.gone && !needed) go.push_back(&node);
    }
    for (Node* const node : go) node->gone = true;
    return !go.empty();
  }
};

Result<void> Foresight::for_each_repository(Context& context, const VisitHome& visit) {
  std::string after;
  while (true) {
    TRY_ASSIGN(const auto names, meta_.view<std::vector<oci::RepositoryName>>(
                                     context, [&](const meta::Snapshot& snapshot) {
                                       return snapshot.repositories().list(after, kRepositories);
                                     }));
    for (const oci::RepositoryName& name : names) {
      TRY_ASSIGN(const auto home, if_there(meta_.view<meta::Repository>(
                                      context, [&](const meta::Snapshot& snapshot) {
                                        return snapshot.repositories().find(name);
                                      })));
      if (home) TRY(visit(*home));
    }
    if (names.size() < kRepositories) return {};
    after = names.back().str();
  }
}

Result<void> Foresight::for_each_manifest(Context& context, const meta::Repository& repository,
                                          const Visit& visit) {
  std::optional<Digest> after;
  do {
    TRY(context.alive());
    std::optional<Digest> last;
    TRY(meta_.read(context, [&](const meta::Snapshot& snapshot) -> Result<void> {
      TRY_ASSIGN(const auto rows, snapshot.manifests().list(repository.id, after, kManifests));
      for (const meta::Manifest& row : rows) TRY(visit(snapshot, row));
      if (rows.size() == kManifests) last = rows.back().digest;
      return {};
    }));
    after = last;
  } while (after);
  return {};
}

Result<Foresight::DamagedNames> Foresight::names_of_damaged(Context& context) {
  return meta_.view<DamagedNames>(
      context, [](const meta::Snapshot& snapshot) -> Result<DamagedNames> {
        DamagedNames names;
        TRY_ASSIGN(const auto damaged, snapshot.damage().manifests(std::size_t{1} << 32));
        for (const meta::Manifest& manifest : damaged) {
          TRY_ASSIGN(const auto references,
                     snapshot.manifests().references(manifest.repository, manifest.digest));
          auto& of_repository = names[manifest.repository];
          for (const auto& reference : references) {
            of_repository.insert(reference.digest);
            of_repository.insert(stored_name(snapshot, reference.digest));
          }
        }
        return names;
      });
}

Result<void> Foresight::look_at(Context& context, const meta::Repository& repository,
                                WallTime pushed_before, Gone& gone) {
  Home home;
  home.named_by_damaged = damaged_[repository.id];
  TRY(for_each_manifest(
      context, repository,
      [&](const meta::Snapshot& snapshot, const meta::Manifest& row) -> Result<void> {
        Home::Node node;
        TRY_ASSIGN(const auto tags, snapshot.tags().pointing_at(repository.id, row.digest, 1));
        node.tagged = !tags.empty();
        node.stays = row.pushed_at > pushed_before || oci::media_type::is_schema1(row.media_type);
        TRY_ASSIGN(const auto stored,
                   snapshot.manifests().find(repository.name, oci::Reference(row.digest)));
        // Bytes that cannot be trusted may be about anything.
        if (Digest::of(stored.bytes, row.digest.algorithm()) != row.digest) node.stays = true;
        const auto read = oci::read_manifest_at_rest(stored.bytes, row.media_type);
        node.subject = read.subject;
        if (node.subject) {
          // Asked so, a damaged subject is there, too.
          TRY_ASSIGN(node.has_subject,
                     is_there(snapshot.manifests().references(repository.id, *node.subject)));
        }
        for (const auto& named : read.named) node.names.push_back(named.digest);
        home.nodes.emplace(row.digest, std::move(node));
        return {};
      }));
  // What is no manifest here holds nobody, and is looked for again when it is set free.
  for (auto& [digest, node] : home.nodes) {
    std::erase_if(node.names, [&](const Digest& named) { return !home.nodes.contains(named); });
  }
  while (home.settle()) TRY(context.alive());
  for (const auto& [digest, node] : home.nodes) {
    if (node.gone) gone.add(repository.id, digest);
  }
  return {};
}

// First all that the gone ones name and are, then without what others name.
Result<void> Foresight::drop_those_still_named(Context& context, Gone& gone) {
  for (const auto& [repository, digest] : gone.manifests_) {
    TRY(context.alive());
    gone.free_.insert(digest);
    TRY(meta_.read(
        context,
        [&, id = repository, manifest = digest](const meta::Snapshot& snapshot) -> Result<void> {
          TRY_ASSIGN(const auto references,
                     if_there(snapshot.manifests().references(id, manifest)));
          if (!references) return {};
          for (const auto& reference : *references) {
            gone.free_.insert(stored_name(snapshot, reference.digest));
          }
          return {};
        }));
  }
  for (const auto& [repository, names] : damaged_) {
    for (const Digest& digest : names) gone.free_.erase(digest);
  }
  return for_each_repository(context, [&](const meta::Repository& repository) -> Result<void> {
    return for_each_manifest(
        context, repository,
        [&](const meta::Snapshot& snapshot, const meta::Manifest& row) -> Result<void> {
          if (gone.has(repository.id, row.digest)) return {};
          TRY_ASSIGN(const auto references,
                     snapshot.manifests().references(repository.id, row.digest));
          for (const auto& reference : references) {
            gone.free_.erase(stored_name(snapshot, reference.digest));
          }
          return {};
        });
  });
}

Result<Gone> Foresight::untagged(Context& context, WallTime pushed_before,
                                 const AfterPage& after_page) {
  Gone gone;
  TRY_ASSIGN(damaged_, names_of_damaged(context));
  TRY(for_each_repository(context, [&](const meta::Repository& repository) -> Result<void> {
    if (repository.archived) return {};  // stays as it is
    TRY(look_at(context, repository, pushed_before, gone));
    return after_page(gone.count());
  }));
  if (gone.count() > 0) TRY(drop_those_still_named(context, gone));
  return gone;
}

}  // namespace entrepot::collect
