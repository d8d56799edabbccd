#include "server/run/platform.h"

#include "base/log.h"
#include "crypto/hash.h"
#include "server/run/upstreams.h"

namespace entrepot::server {
namespace {

using std::chrono::microseconds;

constexpr std::string_view kLocationKey = "http.secret";
constexpr std::size_t kLocationKeyBytes = 32;

constexpr std::chrono::minutes kPullsWrittenEvery{1};

// Without an end: no session is too old while nothing purges them.
constexpr std::chrono::hours kForever{24 * 366 * 100};

registry::Uploads::Options uploads_options(const Options& options) {
  const bool purged = options.uploads_purge_after.count() > 0;
  return {.review_delay = options.collect_delay,
          .session_age = purged ? microseconds(options.uploads_purge_after) : kForever,
          .most_sessions = options.uploads_max_open};
}

api::distribution::LocationOptions location_options(const Options& options) {
  api::distribution::LocationOptions out;
  out.prefix = api_prefix(options);
  out.base = options.http_host;
  while (out.base.ends_with('/')) out.base.pop_back();
  out.from_request = !options.http_relative_urls;
  return out;
}

// Made once and kept with the data, so that uploads go on over a restart.
Result<Bytes> kept_key(Context& context, meta::Store& meta) {
  return meta.transact<Bytes>(context, [](meta::Transaction& tx) -> Result<Bytes> {
    TRY_ASSIGN(const auto kept, if_there(tx.settings().get(kLocationKey)));
    if (kept) return crypto::from_hex(*kept);
    Bytes made = crypto::random_bytes(kLocationKeyBytes);
    TRY(tx.settings().set(kLocationKey, crypto::to_hex(made)));
    return made;
  });
}

// The configured secret where it is long enough to be a key; a short one, which only distribution's
// configuration may have, is no more than a part of one.
Result<Bytes> make_location_key(Context& context, const Options& options, meta::Store& meta) {
  if (options.http_secret.size() >= kLeastSecretBytes) return Bytes(options.http_secret);
  TRY_ASSIGN(const Bytes kept, kept_key(context, meta));
  if (options.http_secret.empty()) return kept;
  return crypto::hmac_sha256(kept, "http.secret: " + options.http_secret);
}

}  // namespace

std::string api_prefix(const Options& options) {
  std::string prefix = options.http_prefix;
  while (prefix.ends_with('/')) prefix.pop_back();
  return prefix;
}

struct Platform::Parts {
  struct Made {
    Bytes location_key;
    std::vector<mirror::Upstream> upstreams;
  };
  Parts(const Options& options, const Entrance& entrance, registry::Stores stores, Made made,
        Surroundings surroundings)
      : quarantine(stores, surroundings.metrics),
        pull(stores, quarantine, options.collect_delay),
        push(stores, options.manifests_missing == "accept" ? registry::MissingReferences::Accept
                                                           : registry::MissingReferences::Refuse),
        uploads(stores, quarantine, uploads_options(options), surroundings.metrics),
        remove(stores, options.collect_delay),
        mirror_push(stores, registry::MissingReferences::Expect),
        gate(entrance.door, entrance.policy, stores.clock),
        pulls(stores.clock),
        meta(stores.meta),
        mirror(make_mirror(options, std::move(made.upstreams), stores, surroundings.metrics)),
        api({pull, push, uploads, remove, gate, surroundings.memory, mirror.get(), &pulls},
            {location_options(options),
             std::move(made.location_key),
             {options.limits_catalog_entries, options.limits_tags},
             entrance.challenges},
            surroundings.threading) {}

  std::unique_ptr<mirror::Mirror> make_mirror(const Options& options,
                                              std::vector<mirror::Upstream> upstreams,
                                              registry::Stores stores, metrics::Registry& metrics) {
    if (upstreams.empty()) return nullptr;
    return std::make_unique<mirror::Mirror>(
        std::move(upstreams), mirror_options(options),
        mirror::Mirror::Services{stores, pull, mirror_push, uploads, metrics});
  }

  registry::Quarantine quarantine;
  registry::Puller pull;
  registry::Pusher push;
  registry::Uploads uploads;
  registry::Remover remove;
  registry::Pusher mirror_push;
  api::Gate gate;
  registry::PullCounts pulls;
  meta::Store& meta;
  SteadyTime pulls_written = std::chrono::steady_clock::now();  // of one thread
  std::unique_ptr<mirror::Mirror> mirror;
  api::distribution::DistributionApi api;
};

Platform::Platform(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Platform::~Platform() = default;

Result<std::unique_ptr<Platform>> Platform::open(Context& context, const Options& options,
                                                 const Entrance& entrance, OpenedStores& stores,
                                                 Surroundings surroundings) {
  TRY_ASSIGN(auto key, make_location_key(context, options, stores.stores().meta));
  TRY_ASSIGN(auto upstreams, make_upstreams(options, stores.stores().clock));
  std::unique_ptr<Platform> platform(new Platform(
      std::make_unique<Parts>(options, entrance, stores.stores(),
                              Parts::Made{std::move(key), std::move(upstreams)}, surroundings)));
  if (platform->mirror() != nullptr) TRY(platform->mirror()->refresh(context));
  return platform;
}

http::Handler& Platform::api() { return parts_->api; }
const api::Gate& Platform::gate() { return parts_->gate; }
const registry::Puller& Platform::puller() { return parts_->pull; }
registry::Uploads& Platform::uploads() { return parts_->uploads; }
registry::Remover& Platform::remover() { return parts_->remove; }
registry::Quarantine& Platform::quarantine() { return parts_->quarantine; }
mirror::Mirror* Platform::mirror() { return parts_->mirror.get(); }

void Platform::write_pulls(Context& context, bool at_once) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (!at_once && now - parts_->pulls_written < kPullsWrittenEvery) return;
  parts_->pulls_written = now;
  const auto written = parts_->pulls.write(context, parts_->meta);
  if (!written) log::warning("how often manifests were pulled is not written: {}", written.error());
}

}  // namespace entrepot::server
