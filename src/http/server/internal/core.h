#pragma once
// http/server/internal/core.h — what all threads of one server share.

#include <atomic>
#include <memory>

#include "base/executor.h"
#include "base/metrics.h"
#include "http/server/internal/buffer_pool.h"
#include "http/server/internal/turn_pool.h"
#include "http/server/server.h"

namespace entrepot::http::server::internal {

struct Metrics {
  explicit Metrics(metrics::Registry& registry)
      : accepted(
            registry.counter("entrepot_http_connections_accepted_total", "Connections accepted")),
        open(registry.gauge("entrepot_http_connections_open", "Connections open now")),
        in_flight(registry.gauge("entrepot_http_requests_in_flight",
                                 "Requests that a worker, a body or an answer keeps busy")),
        buffer_bytes(registry.gauge("entrepot_http_receive_buffers_bytes",
                                    "Memory that request bodies are being received into")),
        received_bytes(registry.counter("entrepot_http_received_bytes_total",
                                        "Bytes of heads and bodies received")),
        sent_bytes(
            registry.counter("entrepot_http_sent_bytes_total", "Bytes of heads and bodies sent")),
        workers_full(registry.counter("entrepot_http_workers_full_total",
                                      "Requests that found the workers' queue full")),
        body_faults(registry.counter("entrepot_http_body_faults_total",
                                     "Answers that broke off because their file could not be "
                                     "read")) {}

  metrics::Counter& accepted;
  metrics::Gauge& open;
  metrics::Gauge& in_flight;
  metrics::Gauge& buffer_bytes;
  metrics::Counter& received_bytes;
  metrics::Counter& sent_bytes;
  metrics::Counter& workers_full;
  metrics::Counter& body_faults;
};

struct Core {
  Core(ServerOptions server_options, Handler& server_handler, std::size_t data_threads)
      : options(std::move(server_options)),
        handler(server_handler),
        own_metrics(options.metrics == nullptr ? std::make_unique<metrics::Registry>() : nullptr),
        metrics(own_metrics ? *own_metrics : *options.metrics),
        own_memory(options.memory == nullptr ? std::make_unique<MemoryAccount>(
                                                   options.limits.memory_bytes,
                                                   own_metrics ? *own_metrics : *options.metrics)
                                             : nullptr),
        memory(own_memory ? *own_memory : *options.memory),
        buffers(options.limits.receive_buffers * BufferPool::kLarge, metrics.buffer_bytes),
        data({"http-data", data_threads, 0}) {}

  const ServerOptions options;
  Handler& handler;
  const std::unique_ptr<metrics::Registry> own_metrics;
  Metrics metrics;
  const std::unique_ptr<MemoryAccount> own_memory;
  MemoryAccount& memory;
  BufferPool buffers;
  std::size_t connection_limit = 0;
  std::atomic<std::size_t> connections = 0;  // open ones, and those accepted but not yet opened
  std::atomic<bool> draining = false;
  std::unique_ptr<TurnPool> turns;
  Executor data;  // writes received pieces to their sinks
};

}  // namespace entrepot::http::server::internal
