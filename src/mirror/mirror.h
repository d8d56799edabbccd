#pragma once
// mirror/mirror.h — other registries behind our address, kept here as they are pulled.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "mirror/breaker.h"
#include "mirror/fill.h"
#include "mirror/flights.h"
#include "mirror/freshness.h"
#include "mirror/local_names.h"
#include "mirror/names.h"
#include "registry/push.h"
#include "registry/uploads.h"
#include "registry/upstream_source.h"
#include "remote/registry.h"

namespace entrepot::mirror {

struct Upstream {
  UpstreamName name;
  std::unique_ptr<remote::Registry> registry;
};

struct Options {
  std::string root = {};  // the name of the upstream behind all that is not ours; "" for none
  std::chrono::milliseconds fresh_for{60'000};   // a tag is told without asking again
  std::chrono::milliseconds absent_for{30'000};  // and so is that something is not there
  bool offline = false;                          // nobody is asked; what is here is served
  std::size_t threads = 16;                      // that ask one upstream
  std::size_t fills = 16;                        // blobs that come from one upstream at a time
};

// The use case behind `registry::UpstreamSource`. Manifests and blobs come here when they are asked
// for and stay; bytes are never changed, so an index may name children that nobody pulled yet. A
// manifest of which bytes are here already is not got again: a tag costs one HEAD each `fresh_for`.
// When an upstream cannot be asked, what it had is served, with a warning. What it says it has no
// more is not: its bytes stay, the tag does not answer.
//
// Each upstream has threads of its own, so that a slow one holds up nobody else's pulls.
class Mirror final : public registry::UpstreamSource {
 public:
  // All of it outlives the mirror. `pusher` accepts manifests whose blobs are to come.
  struct Services {
    registry::Stores stores;
    registry::Puller& pull;
    registry::Pusher& push;
    registry::Uploads& uploads;
    metrics::Registry& metrics;
  };
  Mirror(std::vector<Upstream> upstreams, Options options, Services services);
  ~Mirror() override;

  // What is being brought ends soon, unfinished; later calls fail with Cancelled. Before the
  // servers end whose requests wait for it.
  void stop();

  // From time to time: reads which names are ours.
  Result<void> refresh(Context& context);

  Result<std::optional<std::string>> meant_by(std::string_view repository, std::string_view ns,
                                              bool is_pull) const override;
  bool has(std::string_view repository) const override;
  std::string_view at_front_of(std::string_view path) const override;
  std::optional<SteadyTime> fresh_until(std::string_view repository,
                                        std::string_view tag) const override;
  Executor& executor(std::string_view repository) override;
  Result<Brought> bring(Context& context, const oci::RepositoryName& repository,
                        const oci::Reference& reference) override;
  Result<registry::OpenBlob> blob(Context& context, const oci::RepositoryName& repository,
                                  const oci::Digest& digest) override;
  Result<std::uint64_t> blob_size(Context& context, const oci::RepositoryName& repository,
                                  const oci::Digest& digest) override;
  Result<std::vector<oci::Descriptor>> referrers(Context& context,
                                                 const oci::RepositoryName& repository,
                                                 const oci::Digest& subject) override;
  Result<registry::NamePage> tags(Context& context, const oci::RepositoryName& repository,
                                  std::string_view after, std::size_t limit) override;

 private:
  // One upstream with what belongs to it. Its threads end first.
  struct Site {
    Site(Upstream upstream, const Options& options, metrics::Registry& metrics);
    const UpstreamName name;
    const std::unique_ptr<remote::Registry> registry;
    Breaker breaker;
    metrics::Counter& manifests;
    metrics::Counter& heads;
    metrics::Counter& blobs;
    metrics::Counter& bytes;
    metrics::Counter& faults;
    metrics::Counter& stale;
    std::unique_ptr<Executor> askers;
    std::unique_ptr<Executor> fillers;
  };

  // A question on its way: a repository of an upstream.
  struct Question {
    Site& site;
    std::string path;  // there
    const oci::RepositoryName& repository;
  };
  Result<Question> question(const oci::RepositoryName& repository);

  // Asks the upstream, unless that is known to be of no use. Its own fault or silence is noted.
  template <class Ask>
  auto ask(Site& site, Ask&& ask) -> decltype(ask(std::declval<Context&>()));
  Result<void> require_reachable(Site& site);
  void note(Site& site, const Error* error);

  Result<Brought> bring_digest(const Question& question, const oci::Digest& digest);
  Result<Brought> bring_tag(const Question& question, const oci::Tag& tag);
  Result<void> renew_tag(const Question& question, const oci::Tag& tag,
                         const std::optional<oci::Digest>& known);
  Result<void> get(const Question& question, const std::string& reference,
                   registry::ManifestTarget target);
  Result<std::optional<oci::Digest>> digest_here(const oci::RepositoryName& repository,
                                                 const oci::Tag& tag);
  Result<void> point(const oci::RepositoryName& repository, const oci::Tag& tag,
                     const oci::Digest& digest);
  Result<std::shared_ptr<Fill>> fill(const Question& question, const oci::Digest& digest);

  // For as long as it lives, stop() cancels the context.
  class Running;

  const Options options_;
  const Services services_;
  const access::Subject who_{access::SubjectKind::System, 0, "mirror"};
  const Names names_;
  LocalNames local_names_;
  Freshness fresh_;
  Freshness absent_;
  Flights<Brought> manifests_;

  Mutex large_mutex_;  // while a large manifest is stored

  Mutex mutex_;
  bool stopped_ ENTREPOT_GUARDED_BY(mutex_) = false;
  std::set<Context*> running_ ENTREPOT_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<Fill>> fills_ ENTREPOT_GUARDED_BY(mutex_);

  std::vector<std::unique_ptr<Site>> sites_;
};

}  // namespace entrepot::mirror
