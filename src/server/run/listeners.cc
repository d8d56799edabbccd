#include "server/run/listeners.h"

#include <algorithm>
#include <thread>

#include "base/executor.h"
#include "base/log.h"
#include "http/networks.h"

namespace entrepot::server {
namespace {

// At once; one more than these lets the oldest go that says nothing.
constexpr std::size_t kProbeConnections = 16;

std::size_t cores() { return std::max(1u, std::thread::hardware_concurrency()); }

std::size_t chosen(std::uint64_t configured, std::size_t otherwise) {
  return configured == 0 ? otherwise : static_cast<std::size_t>(configured);
}

Executor::Options worker_options(const Options& options) {
  return {.name = "decide",
          .threads = chosen(options.workers_decisions, std::max<std::size_t>(8, 4 * cores())),
          .queue_limit = static_cast<std::size_t>(options.workers_queue)};
}

Executor::Options finisher_options(const Options& options) {
  return {.name = "finish",
          .threads = chosen(options.workers_finishers, std::max<std::size_t>(16, 4 * cores())),
          .queue_limit = static_cast<std::size_t>(options.workers_queue)};
}

// For long manifests and lists that wait for memory.
Executor::Options reader_options() {
  return {.name = "read", .threads = std::max<std::size_t>(4, cores()), .queue_limit = 1};
}

http::server::Limits limits_of(const Options& options) {
  http::server::Limits limits;
  limits.request_line_bytes = options.limits_request_line.bytes;
  limits.head_bytes = options.limits_head.bytes;
  limits.header_count = options.limits_headers;
  limits.idle = std::chrono::ceil<std::chrono::seconds>(options.http_idle_timeout);
  limits.head = options.http_head_timeout;
  limits.push = options.http_push_timeout;
  limits.connections = options.limits_connections;
  limits.receive_buffers = options.limits_receive_buffers;
  return limits;
}

Result<std::shared_ptr<http::server::TlsContext>> make_tls(const Options& options) {
  if (options.http_tls_certificate.empty()) return std::shared_ptr<http::server::TlsContext>();
  return http::server::TlsContext::open(tls_options(options));
}

// What people can type: an empty host listens on all addresses of both families.
std::string url_of(const ListenAddress& address, bool tls) {
  const ListenAddress shown{address.host.empty() ? "0.0.0.0" : address.host, address.port};
  return fmt::format("{}://{}", tls ? "https" : "http", to_string(shown));
}

}  // namespace

http::server::TlsOptions tls_options(const Options& options) {
  return {.certificate_path = options.http_tls_certificate,
          .key_path = options.http_tls_key,
          .tls12 = options.http_tls_minimum != "1.3",
          .client_ca_paths = options.http_tls_client_ca};
}

// In the order of their making. The servers end first, then the threads that ran their handlers.
struct Listeners::Parts {
  explicit Parts(const Options& options)
      : workers(worker_options(options)),
        finishers(finisher_options(options)),
        readers(reader_options()) {}

  Executor workers;
  Executor finishers;
  Executor readers;
  std::shared_ptr<http::server::TlsContext> tls;
  std::unique_ptr<http::server::Server> server;
  std::unique_ptr<http::server::Server> debug_server;  // null without debug.listen
  // Apart from the others: however many connections they have, a probe finds room.
  std::unique_ptr<http::server::Server> probe_server;
  std::vector<std::string> urls;
  std::vector<std::string> addresses;
};

Listeners::Listeners(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Listeners::~Listeners() = default;

Result<std::unique_ptr<Listeners>> Listeners::open(const Options& options, Handlers handlers,
                                                   metrics::Registry& metrics) {
  auto parts = std::make_unique<Parts>(options);
  TRY_ASSIGN(parts->tls, make_tls(options));

  http::server::ServerOptions server_options;
  server_options.loops = options.workers_loops;
  server_options.data_threads = options.workers_data;
  server_options.limits = limits_of(options);
  server_options.workers = &parts->workers;
  server_options.finishers = &parts->finishers;
  server_options.metrics = &metrics;
  server_options.memory = &handlers.memory;
  server_options.observe = handlers.observe;
  TRY_ASSIGN(auto proxies, http::Networks::parse(options.http_trusted_proxies));
  if (!proxies.empty()) {
    server_options.proxies = std::make_shared<const http::Networks>(std::move(proxies));
  }
  for (const HeaderLine& line : options.http_headers) {
    if (http::equals_ignoring_case(line.name, "Server")) server_options.server_header = line.value;
  }
  TRY_ASSIGN(parts->server, http::server::Server::open(server_options, handlers.front));
  for (const ListenAddress& address : options.http_listen) {
    auto port = parts->server->bind(address.host, address.port, parts->tls);
    if (!port) {
      return Failure(
          std::move(port.error()).within(fmt::format("http.listen: {}", to_string(address))));
    }
    parts->urls.push_back(url_of({address.host, *port}, parts->tls != nullptr));
    parts->addresses.push_back(to_string(ListenAddress{address.host, *port}));
  }

  server_options.loops = 1;
  server_options.data_threads = 1;
  server_options.metrics = nullptr;
  server_options.memory = nullptr;
  server_options.observe = nullptr;
  auto probe_options = server_options;
  probe_options.limits.connections = kProbeConnections;
  probe_options.limits.receive_buffers = 1;  // nobody sends it a body
  TRY_ASSIGN(parts->probe_server, http::server::Server::open(probe_options, handlers.probe));
  if (!options.debug_listen.empty()) {
    TRY_ASSIGN(parts->debug_server,
               http::server::Server::open(server_options, handlers.operations));
  }
  for (const ListenAddress& address : options.debug_listen) {
    auto port = parts->debug_server->bind(address.host, address.port, nullptr);
    if (!port) {
      return Failure(
          std::move(port.error()).within(fmt::format("debug.listen: {}", to_string(address))));
    }
    parts->addresses.push_back(to_string(ListenAddress{address.host, *port}));
    log::info("operations on {}", url_of({address.host, *port}, false));
  }
  return std::unique_ptr<Listeners>(new Listeners(std::move(parts)));
}

Result<void> Listeners::open_probe(const std::string& name) {
  TRY(parts_->probe_server->listen(name, 0, nullptr));
  return {};
}

Result<void> Listeners::accept() {
  TRY(parts_->server->accept());
  return parts_->debug_server == nullptr ? Result<void>() : parts_->debug_server->accept();
}

api::distribution::Threading Listeners::threading() {
  return {&parts_->workers, &parts_->finishers, &parts_->readers};
}

const std::vector<std::string>& Listeners::urls() const { return parts_->urls; }

const std::vector<std::string>& Listeners::addresses() const { return parts_->addresses; }

void Listeners::reload_certificate() {
  if (parts_->tls == nullptr) return;
  const auto reloaded = parts_->tls->reload();
  if (reloaded) {
    log::info("the certificate was read again");
  } else {
    log::error(
        "the certificate was not read again, the former pair stays in use; mend the files, "
        "then send SIGHUP again: {}",
        reloaded.error());
  }
}

std::shared_ptr<const http::server::TlsContext> Listeners::tls() const { return parts_->tls; }

void Listeners::stop(Duration patience) {
  const std::size_t cut = parts_->server->drain(patience);
  if (cut > 0) log::warning("{} exchanges were cut off after {} ms", cut, patience.count());
  if (parts_->debug_server != nullptr) parts_->debug_server->drain(Duration(0));
  parts_->probe_server->drain(Duration(0));
}

}  // namespace entrepot::server
