#include "http/server/testing/test_server.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace entrepot::http::server::testing {

std::optional<Response> ScriptedHandler::answer_from_memory(const Request& request) {
  const auto at = in_memory.find(request.path());
  return at == in_memory.end() ? std::nullopt : at->second(request);
}

Executor* ScriptedHandler::executor_of(const Request& request) {
  return on_finisher.find(request.path()) != on_finisher.end() ? finishers : nullptr;
}

Reply ScriptedHandler::handle(Context& context, const Request& request) {
  const bool finishes = on_finisher.find(request.path()) != on_finisher.end();
  const auto& answers = finishes ? on_finisher : on_worker;
  const auto at = answers.find(request.path());
  if (at == answers.end()) return Response::text(404, "text/plain", "no such path\n");
  return at->second(context, request);
}

Response ScriptedHandler::refuse(const Refusal& refusal) {
  return Response::text(refusal.status, "text/plain", refusal.message + "\n");
}

Result<void> RecordingSink::write(Context&, ByteView piece) {
  const MutexLock lock(record_->mutex);
  record_->so_far.body.append(piece);
  record_->so_far.largest_piece_bytes = std::max(record_->so_far.largest_piece_bytes, piece.size());
  return {};
}

Response RecordingSink::finish(Context&) {
  const MutexLock lock(record_->mutex);
  record_->so_far.finished = true;
  return Response::text(201, "text/plain", std::to_string(record_->so_far.body.size()) + "\n");
}

Response RecordingSink::failed(Context&, const Error& error) {
  const MutexLock lock(record_->mutex);
  record_->so_far.failure = error;
  const int status = error.code == ErrorCode::TooLarge ? 413 : 400;
  return Response::text(status, "text/plain", error.message + "\n");
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace entrepot::http::server::testing
