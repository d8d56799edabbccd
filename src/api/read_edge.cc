#include "api/read_edge.h"

namespace entrepot::api {

std::optional<http::Response> ReadEdge::refusal_of(const http::Request& request,
                                                   const Question& question) const {
  const Admission& admission = question.admission;
  if (admission.error) return failed(request, *admission.error);
  if (admission.decision && !admission.decision->allowed()) return denied(request, question);
  return std::nullopt;
}

std::optional<http::Response> ReadEdge::answer_from_memory(const http::Request& request) {
  Routed routed = route(request);
  if (auto* response = std::get_if<http::Response>(&routed)) return std::move(*response);
  auto question = std::get<std::unique_ptr<Question>>(std::move(routed));
  question->admission = way_.gate.look(request);
  if (question->action && question->admission.subject) {
    way_.gate.recall(request, *question->action, question->repository, question->admission);
  }
  if (auto refusal = refusal_of(request, *question)) return refusal;
  request.keep(std::move(question));
  return std::nullopt;
}

Executor* ReadEdge::executor_of(const http::Request& request) {
  const auto* question = static_cast<const Question*>(request.note());
  if (question == nullptr || question->admission.subject) return nullptr;
  return question->admission.executor;
}

http::Reply ReadEdge::handle(Context& context, const http::Request& request) {
  if (request.note() == nullptr) {  // nobody asked for an answer from memory
    if (auto response = answer_from_memory(request)) return *std::move(response);
  }
  auto& question = static_cast<Question&>(*request.note());
  if (!question.admission.subject && !question.admission.error) {
    way_.gate.authenticate(context, request, question.admission);
  }
  if (question.action && !question.admission.is_over()) {
    way_.gate.decide(context, request, *question.action, question.repository, question.admission);
  }
  if (auto refusal = refusal_of(request, question)) return *std::move(refusal);
  const bool may_move = !question.is_waiting && way_.readers != nullptr;
  http::MemoryAccount::Share room;
  if (!question.reads_long || !may_move) room = way_.account.try_work(question.work_bytes);
  if (!room && may_move) {
    question.is_waiting = true;
    return http::Move{way_.readers};
  }
  if (!room) {
    auto waited = way_.account.take_work(context, question.work_bytes);
    if (!waited) return failed(request, waited.error());
    room = *std::move(waited);
  }
  return answer(context, request, question);
}

}  // namespace entrepot::api
