#pragma once
// collect/foresight.h — what would be there, and who would use it, if untagged manifests were gone.

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "base/context.h"
#include "meta/store.h"

namespace entrepot::collect {

// Manifests that would go, and the digests that no manifest would name any more.
class Gone {
 public:
  void add(meta::RepositoryId repository, const oci::Digest& manifest) {
    manifests_.emplace(repository, manifest);
  }
  bool has(meta::RepositoryId repository, const oci::Digest& manifest) const {
    return manifests_.contains({repository, manifest});
  }
  bool sets_free(const oci::Digest& digest) const { return free_.contains(digest); }
  // In ascending order.
  const std::set<oci::Digest>& free() const { return free_; }
  std::uint64_t count() const { return manifests_.size(); }

 private:
  friend class Foresight;
  std::set<std::pair<meta::RepositoryId, oci::Digest>> manifests_;
  std::set<oci::Digest> free_;
};

// Works out what UntaggedManifests would delete, round after round, and changes nothing: for dry
// runs. Reads each repository's manifests once and, if some would go, those of all a second time,
// in short looks, so that nobody waits for it. What is pushed meanwhile may be missed. Memory grows
// with the manifests of one repository and with those that would go. One thread; blocks.
class Foresight {
 public:
  explicit Foresight(meta::Store& meta) : meta_(meta) {}

  // `after_page` is told how many would go so far; an error of it ends the work.
  using AfterPage = std::function<Result<void>(std::uint64_t gone)>;
  Result<Gone> untagged(Context& context, WallTime pushed_before, const AfterPage& after_page);

 private:
  struct Home;
  // What manifests that are damaged at rest name, by repository: they count as if they were whole.
  using DamagedNames = std::map<meta::RepositoryId, std::set<oci::Digest>>;
  using Visit = std::function<Result<void>(const meta::Snapshot&, const meta::Manifest&)>;
  using VisitHome = std::function<Result<void>(const meta::Repository&)>;

  Result<void> for_each_repository(Context& context, const VisitHome& visit);
  Result<void> for_each_manifest(Context& context, const meta::Repository& repository,
                                 const Visit& visit);
  Result<DamagedNames> names_of_damaged(Context& context);
  Result<void> look_at(Context& context, const meta::Repository& repository, WallTime pushed_before,
                       Gone& gone);
  Result<void> drop_those_still_named(Context& context, Gone& gone);

  meta::Store& meta_;
  DamagedNames damaged_;
};

}  // namespace entrepot::collect
