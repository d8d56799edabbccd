#pragma once
// http/server/internal/active_request.h — a request that left its event loop.

#include <memory>
#include <optional>

#include "base/context.h"
#include "http/request_data.h"
#include "http/server/server.h"

namespace entrepot::http::server::internal {

// What the handler's threads work on. Between two jobs it belongs to the event loop, during one to
// that job's thread.
class ActiveRequest {
 public:
  // Copies the head, so that nothing points into the loop's buffers any more. Takes the note.
  ActiveRequest(std::string_view head_text, RequestData& parsed);

  Context& context() { return context_; }
  const Request& request() const { return request_; }
  const RequestData& data() const { return *data_; }
  const Head& head() const { return data_->head; }

  // Memory may run out in any of these. Then there is no answer.

  // Asks the handler. `whole_body`, which only a finisher is given, is the body if it is short and
  // here already: then the sink gets it and finishes at once.
  void decide(Handler& handler, std::optional<ByteView> whole_body);

  // Passes a piece to the sink (on a data thread); the first error is kept for finish().
  void write(ByteView piece);

  // Where the decision wants to be made; null: it was made.
  Executor* moved_to() const { return moved_to_; }

  // What the decision left for a finisher to do.
  bool has_rest() const { return rest_.run != nullptr; }
  void do_rest() { response_ = rest_.run(context_); }

  // Writes the last piece and ends the request (on a finisher), or finds an errand to be done
  // before. `problem`: why the body is not whole.
  void finish(ByteView last_piece, std::optional<Error> problem);

  // What the sink wants done elsewhere; null: nothing, or it was done. After run_errand(), on that
  // executor, comes finish_rest() on a finisher.
  Executor* errand_to() const { return errand_ ? errand_->to : nullptr; }
  void run_errand();
  void finish_rest();

  // The client is gone: lets the sink have what came, and go (on a finisher).
  void abandon(ByteView last_piece);

  bool has_sink() const { return sink_ != nullptr; }
  bool write_failed() const { return write_error_.has_value(); }
  bool body_taken() const { return body_taken_; }
  void set_body_taken() { body_taken_ = true; }
  std::uint64_t limit_bytes() const { return limit_bytes_; }
  std::size_t work_factor() const { return work_factor_; }

  std::optional<Response>& response() { return response_; }

 private:
  RequestData* data_;  // owned by request_
  Request request_;
  Context context_;
  std::unique_ptr<BodySink> sink_;
  std::uint64_t limit_bytes_ = 0;
  std::size_t work_factor_ = 0;
  bool body_taken_ = false;
  Executor* moved_to_ = nullptr;
  Finish rest_;
  std::optional<Errand> errand_;
  std::optional<Error> write_error_;
  std::optional<Response> response_;
};

}  // namespace entrepot::http::server::internal
