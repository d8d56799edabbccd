#pragma once
// server/run/shutter.h — a handler that answers only while it is open.

#include <atomic>

#include "http/handler.h"

namespace entrepot::server {

// 503 on every path until open(), and while it is closed, from memory too. Thread-safe.
class Shutter final : public http::Handler {
 public:
  // From now on `handler` is asked; it outlives this.
  void open(http::Handler& handler) {
    started_.store(true, std::memory_order_relaxed);
    handler_.store(&handler, std::memory_order_release);
  }

  // What is in memory is not there either, while its store is away.
  void close() { handler_.store(nullptr, std::memory_order_release); }

  std::optional<http::Response> answer_from_memory(const http::Request& request) override;
  Executor* executor_of(const http::Request& request) override;
  http::Reply handle(Context& context, const http::Request& request) override;
  void dress(const http::Request* request, http::Response& response) override;
  void body_failed(Context& context, std::string_view path, std::uint64_t offset_bytes,
                   const Error& error) override;
  http::Response refuse(const http::Refusal& refusal) override;

 private:
  http::Handler* handler() const { return handler_.load(std::memory_order_acquire); }
  http::Response closed() const;

  std::atomic<bool> started_ = false;
  std::atomic<http::Handler*> handler_ = nullptr;
};

}  // namespace entrepot::server
