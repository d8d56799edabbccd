#include "mirror/mirror.h"

#include <algorithm>

#include "base/log.h"

namespace entrepot::mirror {

using oci::Digest;
using oci::RepositoryName;
using std::chrono::seconds;

namespace {

// Clients leave a silent mirror only after minutes, if at all: a question is over before that.
constexpr seconds kAnswerWithin{10};
constexpr seconds kWholeWithin{60};

constexpr std::size_t kLargeManifestBytes = 256u << 10;

// Nothing of it is remembered: what is read to be looked at, or may be old.
constexpr SteadyTime kNotFromMemory = SteadyTime::min();

std::string text_of(const oci::Reference& reference) { return to_string(reference); }

bool is_fault_of_upstream(ErrorCode code) {
  return code == ErrorCode::Unavailable || code == ErrorCode::Timeout ||
         code == ErrorCode::Corrupt || code == ErrorCode::TooLarge;
}

std::vector<UpstreamName> names_of(const std::vector<Upstream>& upstreams) {
  std::vector<UpstreamName> names;
  for (const Upstream& upstream : upstreams) names.push_back(upstream.name);
  return names;
}

}  // namespace

class Mirror::Running {
 public:
  explicit Running(Mirror& mirror)
      : mirror_(mirror), context_("mirror", std::chrono::steady_clock::now() + kAnswerWithin) {
    const MutexLock lock(mirror_.mutex_);
    mirror_.running_.insert(&context_);
    if (mirror_.stopped_) context_.cancel();
  }
  ~Running() {
    const MutexLock lock(mirror_.mutex_);
    mirror_.running_.erase(&context_);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  Context& context() { return context_; }

 private:
  Mirror& mirror_;
  Context context_;
};

Mirror::Site::Site(Upstream upstream, const Options& options, metrics::Registry& metrics)
    : name(std::move(upstream.name)),
      registry(std::move(upstream.registry)),
      manifests(metrics.counter("entrepot_upstream_requests_total",
                                "Questions to upstreams, by kind.",
                                {{"upstream", name.name}, {"kind", "manifest"}})),
      heads(metrics.counter("entrepot_upstream_requests_total", "",
                            {{"upstream", name.name}, {"kind", "head"}})),
      blobs(metrics.counter("entrepot_upstream_requests_total", "",
                            {{"upstream", name.name}, {"kind", "blob"}})),
      bytes(metrics.counter("entrepot_upstream_blob_bytes_total",
                            "Bytes of blobs that came from upstreams.", {{"upstream", name.name}})),
      faults(metrics.counter("entrepot_upstream_faults_total",
                             "Questions that an upstream did not answer, or answered with a fault.",
                             {{"upstream", name.name}})),
      stale(metrics.counter("entrepot_upstream_stale_total",
                            "Answers from what was here, because the upstream could not be asked.",
                            {{"upstream", name.name}})),
      askers(std::make_unique<Executor>(
          Executor::Options{.name = "mirror-asks", .threads = options.threads})),
      fillers(std::make_unique<Executor>(
          Executor::Options{.name = "mirror-fills", .threads = options.fills})) {}

Mirror::Mirror(std::vector<Upstream> upstreams, Options options, Services services)
    : options_(std::move(options)),
      services_(services),
      names_(names_of(upstreams), options_.root),
      local_names_([this](std::string_view repository) { return has(repository); }),
      fresh_(services_.stores.clock),
      absent_(services_.stores.clock) {
  for (Upstream& upstream : upstreams) {
    sites_.push_back(std::make_unique<Site>(std::move(upstream), options_, services_.metrics));
  }
  services_.stores.meta.listen(local_names_);
}

Mirror::~Mirror() { stop(); }

void Mirror::stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  for (Context* context : running_) context->cancel();
  for (const auto& [key, fill] : fills_) fill->cancel();
}

Result<void> Mirror::refresh(Context& context) {
  if (options_.root.empty()) return {};
  return local_names_.refresh(context, services_.stores.meta);
}

// --- Names ---------------------------------------------------------------------------------------

Result<std::optional<std::string>> Mirror::meant_by(std::string_view repository,
                                                    std::string_view ns, bool is_pull) const {
  return names_.meant_by(repository, ns, is_pull,
                         [this](std::string_view name) { return local_names_.contains(name); });
}

bool Mirror::has(std::string_view repository) const {
  return names_.place_of(repository).has_value();
}

std::string_view Mirror::at_front_of(std::string_view path) const {
  return names_.at_front_of(path);
}

std::optional<SteadyTime> Mirror::fresh_until(std::string_view repository,
                                              std::string_view tag) const {
  return fresh_.find(repository, tag);
}

Executor& Mirror::executor(std::string_view repository) {
  const auto place = names_.place_of(repository);
  return *sites_[place ? place->upstream : 0]->askers;
}

Result<Mirror::Question> Mirror::question(const RepositoryName& repository) {
  const auto place = names_.place_of(repository.str());
  if (!place) return fail(ErrorCode::NotFound, "{} is not mirrored", repository.str());
  return Question{*sites_[place->upstream], std::string(place->path), repository};
}

// --- Asking --------------------------------------------------------------------------------------

Result<void> Mirror::require_reachable(Site& site) {
  const std::string& name = site.name.name;
  if (options_.offline) {
    return fail(ErrorCode::Unavailable, "this is not here, and {} is not asked (mirror.offline)",
                name);
  }
  if (site.registry->rests_until()) {
    return fail(ErrorCode::RateLimited, "{} wants not to be asked for a while (its limit of pulls)",
                name);
  }
  if (!site.breaker.may_ask(services_.stores.clock.steady())) {
    return fail(ErrorCode::Unavailable, "{} does not answer; it is asked again soon", name);
  }
  return {};
}

void Mirror::note(Site& site, const Error* error) {
  const bool is_fault = error != nullptr && is_fault_of_upstream(error->code);
  if (is_fault) {
    site.faults.add();
    site.breaker.failed(services_.stores.clock.steady());
    log::warning("upstream {}: {}", site.name.name, *error);
  } else if (error == nullptr || error->code != ErrorCode::Cancelled) {
    site.breaker.worked();
  }
}

template <class Ask>
auto Mirror::ask(Site& site, Ask&& ask) -> decltype(ask(std::declval<Context&>())) {
  TRY(require_reachable(site));
  Running running(*this);
  auto answer = ask(running.context());
  note(site, answer ? nullptr : &answer.error());
  return answer;
}

// --- Manifests -----------------------------------------------------------------------------------

Result<registry::UpstreamSource::Brought> Mirror::bring(Context& context,
                                                        const RepositoryName& repository,
                                                        const oci::Reference& reference) {
  TRY_ASSIGN(const Question asked, question(repository));
  const std::string text = text_of(reference);
  if (absent_.find(repository.str(), text)) {
    return fail(ErrorCode::NotFound, "{} does not have {} of {}", asked.site.name.name, text,
                asked.path);
  }
  auto brought = manifests_.join(context, repository.str() + "@" + text, [&]() -> Result<Brought> {
    if (const auto* tag = std::get_if<oci::Tag>(&reference)) return bring_tag(asked, *tag);
    return bring_digest(asked, std::get<Digest>(reference));
  });
  if (!brought && brought.error().code == ErrorCode::NotFound) {
    absent_.set(repository.str(), text, services_.stores.clock.steady() + options_.absent_for);
  }
  return brought;
}

Result<registry::UpstreamSource::Brought> Mirror::bring_digest(const Question& question,
                                                               const Digest& digest) {
  TRY(get(question, digest.to_string(), {.digest = digest, .tags = {}}));
  return Brought{};
}

Result<registry::UpstreamSource::Brought> Mirror::bring_tag(const Question& question,
                                                            const oci::Tag& tag) {
  const SteadyTime asked_at = services_.stores.clock.steady();
  TRY_ASSIGN(const auto known, digest_here(question.repository, tag));
  const auto renewed = renew_tag(question, tag, known);
  if (renewed) {
    fresh_.set(question.repository.str(), tag.str(), asked_at + options_.fresh_for);
    return Brought{};
  }
  const ErrorCode code = renewed.error().code;
  if (!known || code == ErrorCode::NotFound || code == ErrorCode::Denied) {
    return Failure(renewed.error());
  }
  question.site.stale.add();
  return Brought{question.site.name.name + " cannot be asked now"};
}

// What it stands for now. One that was never seen is got at once; else a HEAD tells, which
// upstreams do not count, and only what is not here is got.
Result<void> Mirror::renew_tag(const Question& question, const oci::Tag& tag,
                               const std::optional<Digest>& known) {
  if (!known) return get(question, tag.str(), {.digest = {}, .tags = {tag}});
  question.site.heads.add();
  TRY_ASSIGN(const remote::ManifestHead head, ask(question.site, [&](Context& context) {
               return question.site.registry->head_manifest(context, question.path, tag.str());
             }));
  if (!head.digest) return get(question, tag.str(), {.digest = {}, .tags = {tag}});
  if (head.digest == known) return {};
  TRY_ASSIGN(const bool is_here, if_there(point(question.repository, tag, *head.digest)));
  if (is_here) return {};
  return get(question, head.digest->to_string(), {.digest = *head.digest, .tags = {tag}});
}

Result<void> Mirror::get(const Question& question, const std::string& reference,
                         registry::ManifestTarget target) {
  question.site.manifests.add();
  TRY_ASSIGN(remote::Manifest manifest, ask(question.site, [&](Context& context) {
               return question.site.registry->manifest(context, question.path, reference);
             }));
  // Reading a manifest takes many times its size: of large ones, which strangers may have made, one
  // is read at a time.
  std::optional<MutexLock> one_at_a_time;
  if (manifest.bytes.size() > kLargeManifestBytes) one_at_a_time.emplace(large_mutex_);
  Running running(*this);
  target.digest = manifest.digest;
  TRY(services_.push.push(running.context(), who_, question.repository, target,
                          std::move(manifest.bytes), manifest.media_type));
  return {};
}

Result<std::optional<Digest>> Mirror::digest_here(const RepositoryName& repository,
                                                  const oci::Tag& tag) {
  Running running(*this);
  TRY_ASSIGN(const auto manifest,
             if_there(services_.pull.manifest(running.context(), repository, tag,
                                              registry::kAnyLength, kNotFromMemory)));
  if (!manifest) return std::optional<Digest>();
  TRY_ASSIGN(auto digest, Digest::parse((*manifest)->digest));
  return std::optional(std::move(digest));
}

// NotFound when that manifest is not here.
Result<void> Mirror::point(const RepositoryName& repository, const oci::Tag& tag,
                           const Digest& digest) {
  Running running(*this);
  TRY_ASSIGN(const auto manifest, services_.pull.manifest(running.context(), repository, digest));
  TRY(services_.push.push(running.context(), who_, repository, {.digest = digest, .tags = {tag}},
                          Bytes(*manifest->bytes), manifest->media_type));
  return {};
}

// --- Blobs and lists -----------------------------------------------------------------------------

Result<std::shared_ptr<Fill>> Mirror::fill(const Question& question, const Digest& digest) {
  Site& site = question.site;
  const std::string key = question.repository.str() + "@" + digest.to_string();
  {
    const MutexLock lock(mutex_);
    if (const auto known = fills_.find(key); known != fills_.end()) return known->second;
  }
  TRY(require_reachable(site));
  auto made = std::make_shared<Fill>(
      Fill::Order{services_.uploads, *site.registry, question.path, question.repository, digest});
  const MutexLock lock(mutex_);
  if (stopped_) return fail(ErrorCode::Cancelled, "the server ends");
  const auto [known, is_new] = fills_.emplace(key, made);
  if (!is_new) return known->second;
  const bool posted = site.fillers->try_post([this, &site, key, made] {
    site.blobs.add();
    made->run();
    site.bytes.add(made->taken_bytes());
    const auto error = made->error();
    note(site, error ? &*error : nullptr);
    const MutexLock over(mutex_);
    fills_.erase(key);
  });
  if (posted) return made;
  fills_.erase(known);
  return fail(ErrorCode::Unavailable, "too many blobs are on their way from {}", site.name.name);
}

Result<registry::OpenBlob> Mirror::blob(Context& context, const RepositoryName& repository,
                                        const Digest& digest) {
  TRY_ASSIGN(const Question asked, question(repository));
  const std::string text = digest.to_string();
  if (absent_.find(repository.str(), text)) {
    return fail(ErrorCode::NotFound, "{} does not have {} of {}", asked.site.name.name, text,
                asked.path);
  }
  // It may have come since somebody looked.
  TRY_ASSIGN(auto here, if_there(services_.pull.blob(context, repository, digest)));
  if (here) return *std::move(here);
  TRY_ASSIGN(const auto filling, fill(asked, digest));
  const SteadyTime now = std::chrono::steady_clock::now();
  auto begun = filling->wait_begun(context, now + kAnswerWithin);
  if (!begun) {
    if (begun.error().code == ErrorCode::NotFound) {
      absent_.set(repository.str(), text, services_.stores.clock.steady() + options_.absent_for);
    }
    return propagate(std::move(begun));
  }
  if (const auto growing = *std::move(begun)) {
    const std::uint64_t size = growing->size_bytes();
    return registry::OpenBlob{size, Source(GrowingRange{growing, {0, size}})};
  }
  TRY(filling->wait_whole(context, now + kWholeWithin));
  return services_.pull.blob(context, repository, digest);
}

Result<std::uint64_t> Mirror::blob_size(Context& /*context*/, const RepositoryName& repository,
                                        const Digest& digest) {
  TRY_ASSIGN(const Question asked, question(repository));
  return ask(asked.site, [&](Context& context) {
    return asked.site.registry->blob_size(context, asked.path, digest);
  });
}

Result<std::vector<oci::Descriptor>> Mirror::referrers(Context& /*context*/,
                                                       const RepositoryName& repository,
                                                       const Digest& subject) {
  TRY_ASSIGN(const Question asked, question(repository));
  return ask(asked.site, [&](Context& context) {
    return asked.site.registry->referrers(context, asked.path, subject);
  });
}

Result<registry::NamePage> Mirror::tags(Context& /*context*/, const RepositoryName& repository,
                                        std::string_view after, std::size_t limit) {
  TRY_ASSIGN(const Question asked, question(repository));
  TRY_ASSIGN(remote::NamePage page, ask(asked.site, [&](Context& context) {
               return asked.site.registry->tags(context, asked.path, after, limit);
             }));
  return registry::NamePage{std::move(page.names), page.more};
}

}  // namespace entrepot::mirror
