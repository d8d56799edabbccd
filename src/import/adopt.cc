#include "import/adopt.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "import/internal/batch.h"
#include "import/internal/counts.h"
#include "import/internal/files.h"
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
    if (::rename(from.c_str(), to.c_str()) == 0) return sync_folder(registry_folder(data));
    if (errno == ENOTEMPTY || errno == EEXIST) continue;
    return failed("renaming", from, errno);
  }
}

// One run of an adoption.
class Run {
 public:
  Run(blob::BlobStore& blobs, meta::Store& meta, const Clock& clock,
      const Adoption::Options& options, Journey journey)
      : blobs_(blobs),
        meta_(meta),
        clock_(clock),
        options_(options),
        tree_(options.data),
        inspector_(tree_, blobs),
        batch_(meta, clock, std::move(journey), options.batch) {}

  Result<void> index_repositories(Context& context);
  Result<void> queue_unused(Context& context);
  Result<void> finish(Context& context);
  const AdoptReport& report() const { return batch_.journey().report; }

 private:
  Result<std::vector<std::string>> items_of(const std::string& repository, Stage stage) const;
  Result<std::uint64_t> count_items(const std::string& repository) const;
  Result<void> index_repository(Context& context, const std::string& name);
  Result<void> take_over(Context& context, const Place& place);
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

constexpr Stage kStages[] = {Stage::Manifests, Stage::Layers, Stage::Tags};

Result<std::vector<std::string>> Run::items_of(const std::string& repository, Stage stage) const {
  if (stage == Stage::Manifests) return tree_.revisions(repository);
  if (stage == Stage::Layers) return tree_.layers(repository);
  return tree_.tags(repository);
}

Result<std::uint64_t> Run::count_items(const std::string& repository) const {
  std::uint64_t count = 0;
  for (const Stage stage : kStages) {
    TRY_ASSIGN(const auto items, items_of(repository, stage));
    count += items.size();
  }
  return count;
}

Result<void> Run::index_repositories(Context& context) {
  const Place begin = batch_.journey().at;
  if (begin.stage == Stage::Unused) return {};
  TRY_ASSIGN(auto names, tree_.repositories());
  const std::size_t invalid = std::erase_if(
      names, [](const std::string& name) { return !oci::RepositoryName::parse(name); });
  if (begin.repository.empty()) batch_.count({.unreadable = invalid});

  // What lies behind is counted and then passed by, without a look at its items.
  for (const std::string& name : names) {
    TRY(context.alive());
    TRY_ASSIGN(const std::uint64_t items, count_items(name));
    total_ += items;
    if (name < begin.repository) done_ += items;
  }
  for (const std::string& name : names) {
    if (name >= begin.repository) TRY(index_repository(context, name));
  }
  return batch_.flush(context);
}

Result<void> Run::index_repository(Context& context, const std::string& name) {
  const Place begin{name, Stage::Manifests, ""};
  if (batch_.journey().is_ahead(begin)) {
    TRY(batch_.add(context, begin, std::monostate(), Findings()));
  }
  for (const Stage stage : kStages) {
    TRY_ASSIGN(const auto items, items_of(name, stage));
    for (const std::string& item : items) {
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
  findings.counts.damaged = findings.damaged.size();
  if (!findings.damaged.empty()) TRY(set_damaged_aside(context, findings.damaged));
  TRY_ASSIGN(const bool committed, batch_.add(context, place, std::move(found), findings));
  if (committed) tell("indexing");
  return {};
}

// First from the metadata, where repositories before this one may have it, then from the disk: cut
// short in between, the damage is found again.
Result<void> Run::set_damaged_aside(Context& context, const std::vector<Digest>& damaged) {
  TRY(batch_.flush(context));
  for (const Digest& digest : damaged) {
    TRY(meta_.write(context, [&](meta::Transaction& tx) { return tx.blobs().forget(digest); }));
    const auto aside = blobs_.quarantine(context, digest);
    if (!aside && aside.error().code != ErrorCode::NotFound) return aside;
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
    TRY_ASSIGN(const bool used, tx.reviews().used_anywhere(digest));
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
  const Tree tree(options_.data);
  TRY_ASSIGN(const std::string identity, tree.identity());
  TRY_ASSIGN(auto journey, meta_.view<Journey>(context, [&](const meta::Snapshot& snapshot) {
    return load_journey(snapshot.settings(), identity);
  }));
  Run run(blobs_, meta_, clock_, options_, std::move(journey));
  TRY(run.index_repositories(context));
  TRY(run.queue_unused(context));
  TRY(run.finish(context));
  return run.report();
}

}  // namespace entrepot::import
