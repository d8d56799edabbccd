#include "http/server/internal/active_request.h"

#include <new>
#include <utility>

#include "base/check.h"
#include "http/forwarded.h"
#include "http/server/internal/head_parser.h"

namespace entrepot::http::server::internal {
namespace {

// Parsing again is simpler than moving every view, and costs less than a microsecond.
std::unique_ptr<RequestData> copy_of(std::string_view head_text, RequestData& parsed) {
  auto data = std::make_unique<RequestData>();
  data->text = std::string(head_text);
  data->peer = parsed.peer;
  data->id = parsed.id;
  const auto refusal = parse_head(data->text, data->head);
  CHECK(!refusal);
  data->note = std::move(parsed.note);
  return data;
}

}  // namespace

ActiveRequest::ActiveRequest(std::string_view head_text, RequestData& parsed)
    : data_(nullptr),
      request_([&] {
        auto data = copy_of(head_text, parsed);
        data_ = data.get();
        return Request(std::move(data));
      }()),
      context_(parsed.id) {
  context_.set_client(client_address(request_));
}

void ActiveRequest::decide(Handler& handler, std::optional<ByteView> whole_body) {
  moved_to_ = nullptr;
  Reply reply = handler.handle(context_, request_);
  if (const auto* move = std::get_if<Move>(&reply)) {
    CHECK(move->to != nullptr);
    moved_to_ = move->to;
    return;
  }
  if (auto* response = std::get_if<Response>(&reply)) {
    response_ = std::move(*response);
    return;
  }
  if (auto* finish = std::get_if<Finish>(&reply)) {
    rest_ = std::move(*finish);
    return;
  }
  auto& receive = std::get<Receive>(reply);
  CHECK(receive.sink != nullptr);
  sink_ = std::move(receive.sink);
  limit_bytes_ = receive.limit_bytes;
  work_factor_ = receive.work_factor;
  if (!whole_body || whole_body->size() > limit_bytes_) return;
  body_taken_ = true;
  finish(*whole_body, std::nullopt);
}

void ActiveRequest::write(ByteView piece) {
  if (write_error_) return;
  try {
    if (auto written = sink_->write(context_, piece); !written) {
      write_error_ = std::move(written).error();
    }
  } catch (const std::bad_alloc&) {
    write_error_ = Error{ErrorCode::Unavailable, "no memory"};
  }
}

void ActiveRequest::finish(ByteView last_piece, std::optional<Error> problem) {
  if (!last_piece.empty()) write(last_piece);
  if (write_error_) problem = std::move(write_error_);
  if (!problem) {
    errand_ = sink_->errand();
    if (errand_) return;
  }
  response_ = problem ? sink_->failed(context_, *problem) : sink_->finish(context_);
  sink_.reset();
}

void ActiveRequest::run_errand() { errand_->run(context_); }

void ActiveRequest::finish_rest() {
  errand_.reset();
  response_ = sink_->finish(context_);
  sink_.reset();
}

void ActiveRequest::abandon(ByteView last_piece) {
  if (!last_piece.empty()) write(last_piece);
  context_.cancel();
  sink_.reset();
}

}  // namespace entrepot::http::server::internal
