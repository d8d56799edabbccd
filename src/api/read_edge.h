#pragma once
// api/read_edge.h — the way of a request through an edge that only reads.

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "access/action.h"
#include "api/gate.h"
#include "http/handler.h"
#include "http/memory.h"

namespace entrepot::api {

// Finds out who asks and whether they may, waits for room in memory where it has to, and only then
// lets the edge answer: on a worker, or on one of `readers` what waits or reads long. Who may not
// is refused on the loop, where memory tells. Thread-safe.
class ReadEdge : public http::Handler {
 public:
  // All of it outlives the edge.
  struct Way {
    const Gate& gate;
    http::MemoryAccount& account;  // for the work of an answer
    Executor* readers = nullptr;   // where a request may wait for room; null: where it is
  };

  // What an edge makes of a request; it may put its own into a class of its own.
  struct Question : http::Note {
    std::string repository = {};                // valid; "" for the registry as a whole
    std::optional<access::Action> action = {};  // nothing: the edge decides
    std::size_t work_bytes = 0;                 // what its answer needs, for a short time
    Admission admission = {};                   // so far; whole once answer() is asked
    bool reads_long = false;                    // its answer looks through much: on the readers
    bool is_waiting = false;                    // it is where it may wait for room
  };
  using Routed = std::variant<http::Response, std::unique_ptr<Question>>;

  std::optional<http::Response> answer_from_memory(const http::Request& request) final;
  Executor* executor_of(const http::Request& request) final;
  http::Reply handle(Context& context, const http::Request& request) final;

 protected:
  explicit ReadEdge(Way way) : way_(way) {}

  const Gate& gate() const { return way_.gate; }

 private:
  // On an event loop: which question is this? An answer for what is none.
  virtual Routed route(const http::Request& request) const = 0;
  // To who may do what the question is about.
  virtual http::Response answer(Context& context, const http::Request& request,
                                const Question& question) const = 0;
  // To who may not.
  virtual http::Response denied(const http::Request& request, const Question& question) const = 0;
  // To whom nobody can say: wrong credentials, a store that is away, no room.
  virtual http::Response failed(const http::Request& request, const Error& error) const = 0;

  std::optional<http::Response> refusal_of(const http::Request& request,
                                           const Question& question) const;

  const Way way_;
};

}  // namespace entrepot::api
