#include "server/run/running_server.h"

#include <unistd.h>

#include "api/badges/badges.h"
#include "api/external_address.h"
#include "api/rest/api.h"
#include "api/search/search.h"
#include "api/token/service.h"
#include "base/log.h"
#include "server/configure/resolve.h"
#include "server/host/privileges.h"
#include "server/host/process.h"
#include "server/run/access_log.h"
#include "server/run/accounts.h"
#include "server/run/adoption.h"
#include "server/run/background.h"
#include "server/run/certificate_watch.h"
#include "server/run/door.h"
#include "server/run/exchange_metrics.h"
#include "server/run/front.h"
#include "server/run/listeners.h"
#include "server/run/openness.h"
#include "server/run/operations.h"
#include "server/run/periodic.h"
#include "server/run/platform.h"
#include "server/run/probe.h"
#include "server/run/probe_handler.h"
#include "server/run/shutter.h"
#include "server/run/upstreams.h"
#include "ui/page.h"

namespace entrepot::server {
namespace {

constexpr std::chrono::seconds kPresenceInterval{1};
constexpr std::chrono::seconds kLastWords{2};

std::unique_ptr<AccessLog> make_access_log(const Options& options, const Clock& clock,
                                           metrics::Registry& metrics) {
  if (!options.access_log_enabled) return nullptr;
  AccessLog::Options out;
  out.format =
      options.access_log_format == "json" ? AccessLogFormat::Json : AccessLogFormat::Combined;
  return std::make_unique<AccessLog>(out, clock, metrics);
}

// Whoever asks by the probe's name gets a status and nothing else.
class NobodyEnters final : public auth::Authenticator {
 public:
  std::variant<access::Subject, Error, Ask> recall(const auth::Caller&) const override {
    return Error{ErrorCode::Denied, "only a status is told here"};
  }
  Result<access::Subject> authenticate(Context&, const auth::Caller&) const override {
    return fail(ErrorCode::Denied, "only a status is told here");
  }
};

}  // namespace

// In the order of their making; what is made later uses what was made before it.
struct RunningServer::Parts {
  Parts(const Options& the_options, auth::Reach reach, const Clock& the_clock)
      : options(the_options),
        clock(the_clock),
        door(door_options(options, reach)),
        operators(door),
        memory(options.limits_memory.bytes, metrics),
        access_log(make_access_log(options, clock, metrics)),
        exchanges(metrics),
        readiness(clock),
        operations(readiness, metrics, "/metrics", &operators),
        debug_operations(readiness, metrics, options.debug_metrics_path),
        health(readiness, metrics, "/metrics", &nobody),
        probe(health, [this](Context& looking) { return look_for_rights(looking); }),
        page(ui::unpack(ui::embedded_pack()), {api_prefix(options), options.http_host}),
        front(rooms(), page, door, options.http_headers) {
    metrics.counter_from("entrepot_log_lost_total",
                         "Lines of the log that standard error did not take.",
                         [] { return static_cast<double>(log::lost_lines()); });
  }

  std::vector<Front::Room> rooms() {
    std::vector<Front::Room> rooms = {{api_prefix(options) + "/v2", api},
                                      {api_prefix(options) + "/token", tokens},
                                      {api_prefix(options) + "/api/v1", rest},
                                      {api_prefix(options) + "/badges", badges},
                                      {api_prefix(options) + "/v1", search},
                                      {"/healthz", operations},
                                      {"/readyz", operations},
                                      {"/metrics", operations}};
    for (const std::string& name : upstream_names(options)) {
      rooms.push_back({api_prefix(options) + "/" + name + "/v2", api});
    }
    return rooms;
  }

  // Requests reach `platform` through threads of `listeners`, and the check of readiness `stores`,
  // so those have to end first.
  ~Parts() {
    presence.reset();
    background.reset();
    listeners.reset();
    readiness.stop();
  }

  // Root reads the key, binds, and takes over what is root's; all else is done as the user, on
  // names that the user may change. Without a user to become the directory comes first: who starts
  // a second server by mistake is told so, not that a port is taken.
  Result<std::unique_ptr<DataDirectory>> open_directory_and_sockets() {
    TRY_ASSIGN(const auto account, account_to_become(options.user));
    Result<void> sockets;
    if (account) {
      TRY(hand_over(*account, options.data));
      sockets = open_sockets();
      TRY(become(*account, options.data));
    }
    if (::geteuid() == 0) warn_of_root(options.data);
    TRY_ASSIGN(auto directory, DataDirectory::open(options.data));
    if (!account) sockets = open_sockets();
    TRY(std::move(sockets));
    directory->note_addresses(listeners->addresses());
    open_probe();
    TRY(listeners->accept());
    return directory;
  }

  // Without it the server serves, and `entrepot health` says that none runs.
  void open_probe() {
    const auto name = probe_name(options.data);
    const auto opened = name ? listeners->open_probe(*name) : Result<void>(Failure(name.error()));
    if (!opened) log::warning("`entrepot health` will not find this server: {}", opened.error());
  }

  Result<void> open_sockets() {
    const auto observe = [this](const http::server::Exchange& exchange) {
      exchanges.record(exchange);
      if (access_log != nullptr) access_log->record(exchange);
    };
    TRY_ASSIGN(listeners, Listeners::open(
                              options, {front, debug_operations, probe, observe, memory}, metrics));
    certificate.emplace(listeners->tls(), clock, metrics);
    certificate->look();
    return {};
  }

  Result<void> open_registry(Context& context, std::unique_ptr<DataDirectory> directory,
                             bool needs_account) {
    TRY_ASSIGN(stores, OpenedStores::open(context, std::move(directory), metrics, clock));
    TRY(adopt_if_needed(context, options, *stores));
    TRY(open_accounts(context, needs_account));
    TRY_ASSIGN(platform, Platform::open(context, options, {door, *policy, challenges()}, *stores,
                                        {metrics, memory, listeners->threading()}));
    token_service.emplace(
        api::token::Issuer::Parts{platform->gate(), accounts->memory(), accounts->tokens(),
                                  accounts->refresh_tokens(), clock, names_in_scopes()},
        api::token::TokenService::Options{
            .prefix = api_prefix(options),
            .life = std::chrono::duration_cast<std::chrono::seconds>(options.tokens_life)});
    rest_api.emplace(
        api::rest::Services{platform->puller(), platform->remover(), stores->stores().meta,
                            accounts->memory(), platform->gate(), memory, clock, ENTREPOT_VERSION,
                            &accounts->hashing()},
        api::rest::RestApi::Options{.prefix = api_prefix(options),
                                    .finishers = listeners->threading().finishers,
                                    .readers = listeners->threading().readers});
    badge_room.emplace(read_way(),
                       api::badges::Badges::Parts{platform->puller(), stores->stores().meta},
                       api_prefix(options));
    search_room.emplace(read_way(), stores->stores().meta, api_prefix(options));
    background = std::make_unique<Background>(options, *stores, *platform, metrics, *accounts);
    readiness.started([this](Context& asking) { return stores->check_writable(asking); });
    open_rooms();
    presence.emplace("presence", kPresenceInterval, [this](Context& looking) {
      look_for_the_store();
      static_cast<void>(look_for_rights(looking));
      accounts->look_at_file(looking);
      accounts->look_at_keys(looking);
      accounts->write_uses(looking);
      platform->write_pulls(looking);
      look_for_names(looking);
      static_cast<void>(accounts->keep_closed(looking));  // on a full disk, again later
      certificate->look();
    });
    return {};
  }

  // As in requests: "library/nginx" may be another registry's.
  std::function<std::string(const std::string&, bool)> names_in_scopes() {
    mirror::Mirror* const mirror = platform->mirror();
    if (mirror == nullptr) return {};
    return [mirror](const std::string& repository, bool is_pull) {
      const auto meant = mirror->meant_by(repository, "", is_pull);
      return meant ? meant->value_or(repository) : repository;
    };
  }

  void open_rooms() {
    api.open(platform->api());
    tokens.open(*token_service);
    rest.open(*rest_api);
    badges.open(*badge_room);
    search.open(*search_room);
  }

  api::ReadEdge::Way read_way() {
    return {platform->gate(), memory, listeners->threading().readers};
  }

  Result<void> open_accounts(Context& context, bool needs_account) {
    TRY(make_first_admin(context, options, *stores, needs_account));
    TRY_ASSIGN(accounts, Accounts::open(context, options, *stores));
    policy.emplace(*accounts, switches_of(options));
    people_memory = &accounts->memory();
    door.know(*accounts);
    operators.know(*accounts);
    if (door.is_closed() && options.open) {
      log::warning("`open` is set, and opens nothing: there are accounts");
    }
    return {};
  }

  // Those that came while nobody wrote them any more.
  void keep_last_words() {
    if (!accounts) return;
    Context context("stop", clock.steady() + kLastWords);
    const auto written = accounts->sign_ins().flush(context, stores->stores().meta);
    if (!written) log::warning("the last sign-ins are not in the audit: {}", written.error());
    accounts->write_uses(context, /*at_once=*/true);
    if (platform) platform->write_pulls(context, /*at_once=*/true);
  }

  // Where clients are sent for a token, once there are accounts.
  api::distribution::Challenges challenges() {
    return [this](const http::Request& request) -> std::optional<api::distribution::Challenge> {
      if (!door.is_closed()) return std::nullopt;
      std::string base = options.http_host;
      while (base.ends_with('/')) base.pop_back();
      if (base.empty()) base = api::address_for_secrets(request);
      return api::distribution::Challenge{base + api_prefix(options) + "/token",
                                          std::string(people::Tokens::kService)};
    };
  }

  // What a command of this machine changed beside us. When that cannot be told, nothing is
  // remembered.
  Result<void> look_for_rights(Context& looking) {
    people::Memory* const memory_of_people = people_memory;
    if (memory_of_people == nullptr) return {};  // nothing was read yet
    auto looked = memory_of_people->look_for_others(looking);
    if (!looked) memory_of_people->forget();
    return looked;
  }

  // Which names are ours, and no other registry's.
  void look_for_names(Context& looking) {
    if (platform->mirror() == nullptr) return;
    const auto looked = platform->mirror()->refresh(looking);
    if (looked.has_value() == names_are_known) return;
    names_are_known = looked.has_value();
    if (!names_are_known) {
      log::warning("which names are ours cannot be read or kept: {}", looked.error());
    }
  }

  // What the store no longer backs is not there, whatever is in memory.
  void look_for_the_store() {
    const auto present = stores->require_present();
    if (present.has_value() == is_present) return;
    is_present = present.has_value();
    if (is_present) {
      open_rooms();
      log::info("the store is back: requests are answered again");
    } else {
      api.close();
      tokens.close();
      rest.close();
      badges.close();
      search.close();
      log::error("the store is away, requests are refused until it is back: {}", present.error());
    }
  }

  const Options options;
  const Clock& clock;
  Door door;
  OperatorsDoor operators;
  metrics::Registry metrics;
  http::MemoryAccount memory;
  std::unique_ptr<AccessLog> access_log;  // null when switched off
  ExchangeMetrics exchanges;
  Readiness readiness;
  Operations operations;
  Operations debug_operations;
  const NobodyEnters nobody;
  Operations health;
  ProbeHandler probe;
  Shutter api;
  Shutter tokens;
  Shutter rest;
  Shutter badges;
  Shutter search;
  ui::Page page;
  Front front;
  std::unique_ptr<Listeners> listeners;
  std::optional<CertificateWatch> certificate;  // once it is open, of the thread of `presence`
  std::unique_ptr<OpenedStores> stores;
  std::unique_ptr<Accounts> accounts;
  std::atomic<people::Memory*> people_memory = nullptr;  // once `accounts` are open
  std::optional<DoorPolicy> policy;
  std::unique_ptr<Platform> platform;
  std::optional<api::token::TokenService> token_service;
  std::optional<api::rest::RestApi> rest_api;
  std::optional<api::badges::Badges> badge_room;
  std::optional<api::search::Search> search_room;
  std::unique_ptr<Background> background;
  bool is_present = true;       // of the thread of `presence` alone
  bool names_are_known = true;  // likewise
  std::optional<Periodic> presence;
};

RunningServer::RunningServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RunningServer::~RunningServer() = default;

Result<std::unique_ptr<RunningServer>> RunningServer::start(Context& context,
                                                            const Configuration& configuration,
                                                            const Clock& clock) {
  Configuration resolved = configuration;
  TRY(resolve_names(resolved.options));
  const Options& options = resolved.options;
  const Openness openness = decide_openness(resolved);
  for (const std::string& warning : door_warnings(options, openness)) {
    log::warning("{}", warning);
  }
  raise_open_file_limit();
  auto parts = std::make_unique<Parts>(options, openness.reach, clock);
  TRY_ASSIGN(auto directory, parts->open_directory_and_sockets());
  TRY(parts->open_registry(context, std::move(directory), openness.needs_account));
  return std::unique_ptr<RunningServer>(new RunningServer(std::move(parts)));
}

const std::vector<std::string>& RunningServer::urls() const { return parts_->listeners->urls(); }
const metrics::Registry& RunningServer::metrics() const { return parts_->metrics; }
void RunningServer::reload_certificate() { parts_->listeners->reload_certificate(); }

void RunningServer::stop() {
  parts_->presence.reset();
  parts_->background.reset();
  if (auto* const mirror = parts_->platform->mirror()) mirror->stop();
  parts_->listeners->stop(parts_->options.http_drain_timeout);
  parts_->keep_last_words();
}

}  // namespace entrepot::server
