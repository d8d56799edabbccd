#include "import/adopt.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <set>

#include "file/error.h"
#include "file/write.h"
#include "import/internal/batch.h"
#include "import/internal/counts.h"
#include "import/layout.h"

namespace entrepot::import {

using oci::Digest;

namespace {

std::string registry_folder(const std::string& data) {
  return fmt::format("{}/{}", data, kRegistryFolder);
}

std::string repositories_folder(const std::string& data) {
  return fmt::format("{}/{}", registry_folder(data), kRepositories);
}

// To the first free name: repositories.adopted, repositories.adopted-2, …
Result<void> set_aside(const std::string& data) {
  const std::string from = repositories_folder(data);
  for (int number = 1;; ++number) {
    std::string to = fmt::format("{}/{}", registry_folder(data), kSetAside);
    if (number > 1) to += fmt::format("-{}", number);
    if (::rename(from.c_str(), to.c_str()) == 0) return file::sync_directory(registry_folder(data));
    if (errno == ENOTEMPTY || errno == EEXIST) continue;
    return file::failed(errno, "renaming {}", from);
  }
}

// One run of an adoption.
class Run {
 public:
  Run(Tree tree, blob::BlobStore& blobs, meta::Store& meta, const Clock& clock,
      const Adoption::Options& options)
      : blobs_(blobs),
        meta_(meta),
        clock_(clock),
        options_(options),
        tree_(std::move(tree)),
        inspector_(tree_, blobs),
        batch_(meta, clock, options.batch) {}

  Result<void> begin(Context& context);
  Result<void> index_repositories(Context& context);
  Result<void> queue_unused(Context& context);
  Result<void> finish(Context& context);
  const AdoptReport& report() const { return batch_.journey().report; }

 private:
  Result<Listing> items_of(const std::string& repository, Stage stage) const;
  Result<void> leave_out_repository(Context& context, const std::string& name);
  Result<void> index_repository(Context& context, const std::string& name);
  Result<void> take_over(Context& context, const Place& place);
  Result<void> take_children_over(Context& context, const std::string& repository,
                                  Findings& findings);
  Result<void> set_damaged_aside(Context& context, const std::vector<Digest>& damaged);
  Result<void> queue_those_unused(meta::Transaction& tx, const std::vector<Digest>& blobs) const;
  void tell(std::string_view phase) const;

  blob::BlobStore& blobs_;
  meta::Store& meta_;
  const Clock& clock_;
  const Adoption::Options& options_;
  const Tree tree_;
  Inspector inspector_;
  Batch batch_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

// After so many, how far it is is saved at once.
constexpr std::uint64_t kHashedBytes = 256u << 20;

constexpr Stage kStages[] = {Stage::Manifests, Stage::Layers, Stage::Tags};

// How far an earlier run got.
Result<void> Run::begin(Context& context) {
  TRY_ASSIGN(const std::string identity, tree_.identity());
  TRY_ASSIGN(auto journey, meta_.view<Journey>(context, [&](const meta::Snapshot& snapshot) {
    return load_journey(snapshot.settings(), identity);
  }));
  batch_.go_on_from(std::move(journey));
  return {};
}

Result<Listing> Run::items_of(const std::string& repository, Stage stage) const {
  if (stage == Stage::Manifests) return tree_.revisions(repository);
  if (stage == Stage::Layers) return tree_.layers(repository);
  return tree_.tags(repository);
}

Result<void> Run::index_repositories(Context& context) {
  const Place begin = batch_.journey().at;
  if (begin.stage == Stage::Unused) return {};
  TRY_ASSIGN(Listing listing, tree_.repositories(context));
  std::vector<std::string> names;
  AdoptReport more;
  more.odd = listing.odd;
  for (std::string& name : listing.names) {
    if (oci::RepositoryName::parse(name)) {
      names.push_back(std::move(name));
    } else if (begin.repository.empty()) {  // else it was left out before
      TRY(leave_out_repository(context, name));
      ++more.unreadable;
    }
  }
  if (begin.repository.empty()) batch_.count(more);

  // What lies behind is counted and then passed by, without a look at its items.
  for (const std::string& name : names) {
    for (const Stage stage : kStages) {
      TRY(context.alive());
      TRY_ASSIGN(const Listing items, items_of(name, stage));
      total_ += items.names.size();
      if (name < begin.repository) done_ += items.names.size();
    }
  }
  for (const std::string& name : names) {
    if (name >= begin.repository) TRY(index_repository(context, name));
  }
  return batch_.flush(context);
}

// One whose name is none that a client could ask for.
Result<void> Run::leave_out_repository(Context& context, const std::string& name) {
  for (const std::string_view folder : {kLayers, kRevisions, kTags}) {
    TRY_ASSIGN(const auto links, tree_.link_files(context, fmt::format("{}/{}", name, folder)));
    for (const std::string& path : links) {
      TRY(context.alive());
      TRY_ASSIGN(LinkText link, tree_.text(path));
      TRY(batch_.leave_out(context, {path, std::move(link.text), link.written_at}));
    }
  }
  return {};
}

Result<void> Run::index_repository(Context& context, const std::string& name) {
  const Place begin{name, Stage::Manifests, ""};
  if (batch_.journey().is_ahead(begin)) {
    Findings findings;
    for (const Stage stage : kStages) {
      TRY_ASSIGN(const Listing items, items_of(name, stage));
      findings.counts.odd += items.odd;
    }
    TRY(batch_.add(context, begin, std::monostate(), std::move(findings)));
  }
  for (const Stage stage : kStages) {
    TRY_ASSIGN(const Listing items, items_of(name, stage));
    for (const std::string& item : items.names) {
      TRY(take_over(context, {name, stage, item}));
      ++done_;
    }
  }
  return {};
}

Result<void> Run::take_over(Context& context, const Place& place) {
  if (!batch_.journey().is_ahead(place)) return {};
  TRY(context.alive());
  Findings findings;
  TRY_ASSIGN(Found found, inspector_.look(context, place, findings));
  TRY(take_children_over(context, place.repository, findings));
  findings.counts.damaged = findings.damaged.size();
  if (!findings.damaged.empty()) TRY(set_damaged_aside(context, findings.damaged));
  const bool was_work = findings.hashed_bytes > kHashedBytes;
  TRY_ASSIGN(const bool committed,
             batch_.add(context, place, std::move(found), std::move(findings)));
  if (was_work && !committed) TRY(batch_.flush(context));
  if (was_work || committed) tell("indexing");
  return {};
}

// And theirs: each once, however they name each other.
Result<void> Run::take_children_over(Context& context, const std::string& repository,
                                     Findings& findings) {
  std::set<Digest> seen;
  while (!findings.children.empty()) {
    TRY(context.alive());
    const Child child = findings.children.back();
    findings.children.pop_back();
    if (!seen.insert(child.digest).second) continue;
    TRY_ASSIGN(Found found, inspector_.child(context, repository, child, findings));
    if (std::holds_alternative<std::monostate>(found)) continue;
    TRY(batch_.add_part(context, repository, std::move(found)));
  }
  return {};
}

// First from the metadata, where repositories before this one may have it, then from the disk: cut
// short in between, the damage is found again.
Result<void> Run::set_damaged_aside(Context& context, const std::vector<Digest>& damaged) {
  TRY(batch_.flush(context));
  for (const Digest& digest : damaged) {
    TRY(meta_.write(
        context, [&](meta::Transaction& tx) { return tx.blobs().forget(digest, clock_.wall()); }));
    TRY(if_there(blobs_.quarantine(context, digest)));
  }
  return {};
}

Result<void> Run::queue_those_unused(meta::Transaction& tx,
                                     const std::vector<Digest>& blobs) const {
  std::vector<meta::RepositoryId> unreadable;
  for (const std::string& text : batch_.journey().unreadable) {
    TRY_ASSIGN(const auto name, oci::RepositoryName::parse(text));
    const auto repository = tx.repositories().find(name);
    if (repository) unreadable.push_back(repository->id);
  }
  const auto may_be_used_by = [&](meta::RepositoryId holder, const Digest& digest) {
    if (std::find(unreadable.begin(), unreadable.end(), holder) != unreadable.end()) return true;
    return tx.manifests().find(holder, digest).has_value();
  };
  for (const Digest& digest : blobs) {
    TRY_ASSIGN(const bool used, tx.manifests().used_anywhere(digest));
    if (used) continue;
    TRY_ASSIGN(const auto holders, tx.blobs().holders(digest, std::size_t{1} << 32));
    const bool maybe = std::any_of(holders.begin(), holders.end(), [&](meta::RepositoryId holder) {
      return may_be_used_by(holder, digest);
    });
    if (maybe) continue;
    TRY(tx.reviews().push_back(digest, clock_.wall() + options_.review_delay));
  }
  return {};
}

Result<void> Run::queue_unused(Context& context) {
  done_ = total_ = 0;
  if (batch_.journey().at.stage != Stage::Unused) batch_.advance({"", Stage::Unused, ""});
  while (true) {
    TRY(context.alive());
    std::optional<Digest> after;
    const std::string& last = batch_.journey().at.item;
    if (!last.empty()) {
      TRY_ASSIGN(after, Digest::parse(last));
    }
    std::vector<Digest> blobs;
    TRY(blobs_.list(context, after, [&](const blob::Stored& stored) {
      blobs.push_back(stored.digest);
      return blobs.size() < options_.batch;
    }));
    if (blobs.empty()) return {};
    batch_.advance({"", Stage::Unused, blobs.back().to_string()});
    TRY(batch_.flush(context,
                     [&](meta::Transaction& tx) { return queue_those_unused(tx, blobs); }));
    done_ += blobs.size();
    tell("looking for unused blobs");
  }
}

Result<void> Run::finish(Context& context) {
  TRY(set_aside(options_.data));
  Journey over;
  over.unreadable = batch_.journey().unreadable;
  return meta_.write(context,
                     [&](meta::Transaction& tx) { return save_journey(tx.settings(), over); });
}

void Run::tell(std::string_view phase) const {
  if (options_.progress) options_.progress({phase, done_, total_});
}

}  // namespace

std::string to_text(const AdoptReport& report) {
  std::string text;
  for (const Count& count : kCounts) {
    if (report.*count.field == 0 && !count.always) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", report.*count.field, count.text);
  }
  return text;
}

Adoption::Adoption(blob::BlobStore& blobs, meta::Store& meta, const Clock& clock, Options options)
    : blobs_(blobs), meta_(meta), clock_(clock), options_(std::move(options)) {}

bool Adoption::is_needed() const {
  struct stat status {};
  const std::string folder = repositories_folder(options_.data);
  return ::stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<AdoptReport> Adoption::run(Context& context) {
  TRY_ASSIGN(Tree tree, Tree::open(options_.data));
  Run run(std::move(tree), blobs_, meta_, clock_, options_);
  TRY(run.begin(context));
  TRY(run.index_repositories(context));
  TRY(run.queue_unused(context));
  TRY(run.finish(context));
  return run.report();
}

}  // namespace entrepot::import
