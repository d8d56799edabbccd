#pragma once
// http/handler.h — the program behind a server: what answers requests, and what takes their bodies.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/context.h"
#include "base/executor.h"
#include "base/result.h"
#include "http/message.h"

namespace entrepot::http {

// "Not here": what has to be done elsewhere before finish(). `run` may use the sink. The executor
// takes it even past the limit of its queue, so each connection has at most one in it. One that
// runs out of memory ends there; finish() follows all the same.
struct Errand {
  Executor* to;
  std::function<void(Context&)> run;
};

// Takes the body of one request. One call at a time, in the order below, each from whatever thread
// is named.
class BodySink {
 public:
  // Without finish() before: the client went away, broke the framing or a write failed. What came
  // may be kept.
  virtual ~BodySink() = default;

  // On a data thread (the last piece, when it is small, on the thread that finishes); at most 1 MiB
  // a call, in order. On an error no more is written, and failed() makes the answer.
  virtual Result<void> write(Context& context, ByteView piece) = 0;

  // On a finisher thread: the whole body has arrived. What of its work must hold up no finisher,
  // such as the hash of a password that stood in it; nothing: finish() follows at once.
  virtual std::optional<Errand> errand() { return std::nullopt; }

  // On a finisher thread, behind the errand. May block (syncs).
  virtual Response finish(Context& context) = 0;

  // The answer for an error of write(), or for a body that broke off or grew past its limit
  // (Cancelled, InvalidArgument, TooLarge); also on a finisher thread.
  virtual Response failed(Context& context, const Error& error) = 0;
};

// "Send me the body": the decision was yes. 100 Continue goes out now, if the client waits for it.
struct Receive {
  std::unique_ptr<BodySink> sink;
  std::uint64_t limit_bytes = UINT64_MAX;  // a longer body is failed() with TooLarge, before its
                                           // first byte where Content-Length tells
  // Not 0: the sink keeps the whole body in memory, and to finish() needs about so many bytes for
  // each of its bytes. Then a body that did not come along with its head is taken from the memory
  // account as it comes, and finish() waits until there is room for its work; failed() gets Timeout
  // for the slowest when others need the memory, Unavailable for who waited for it too long.
  std::size_t work_factor = 0;
};

// "The answer needs more than a decision after all": `run` makes it, on a finisher. May use the
// request.
struct Finish {
  std::function<Response(Context&)> run;
};

// "Ask handle() again, there": for what must not be waited for here. The executor takes the request
// even past the limit of its queue, so each connection has at most one in it.
struct Move {
  Executor* to;
};

using Reply = std::variant<Response, Receive, Finish, Move>;

// Why the server itself refuses a request before any handler sees it.
struct Refusal {
  int status;           // 400, 408, 413, 414, 417, 431, 501, 503, 505
  std::string message;  // what was wrong and what would be right
};

// The program behind the server. Thread-safe.
class Handler {
 public:
  virtual ~Handler() = default;

  // On an event loop, so: from memory, within microseconds, never a disk, never a lock that is held
  // for long. nullopt: ask handle() instead.
  virtual std::optional<Response> answer_from_memory(const Request& request) = 0;

  // Where handle() of this request runs; null: on a worker. What syncs, commits, or reads as much
  // as a blob holds is for the finishers from its first step to its last, so that no worker waits
  // for a disk. Asked on an event loop, once, before handle().
  virtual Executor* executor_of(const Request& request) = 0;

  // On the thread that executor_of() or a Move chose; may block. Called with the head alone, before
  // a byte of the body was read: an answer refuses the body unread (the connection stays usable
  // when the body is short; else, and when the client waits for 100 Continue, it closes behind the
  // answer). The request lives until its answer is sent; the sink may keep a reference to it.
  virtual Reply handle(Context& context, const Request& request) = 0;

  // Adds to an answer what all answers have in common. Called once for each, whoever made it, on an
  // event loop, right before it is written. `request` is null for what never became one.
  virtual void dress(const Request* request, Response& response) = 0;

  // On a worker, when the connection is gone: the file behind the answer to a GET of this path did
  // not give its byte `offset_bytes`. OutOfRange: it ends before; Corrupt: the disk has lost it;
  // Unavailable: it cannot be reached. Left out when the workers' queue is full.
  virtual void body_failed(Context& /*context*/, std::string_view /*path*/,
                           std::uint64_t /*offset_bytes*/, const Error& /*error*/) {}

  // The answer to what never became a request, or found no thread; the connection closes behind it.
  // On an event loop.
  virtual Response refuse(const Refusal& refusal) = 0;
};

}  // namespace entrepot::http
