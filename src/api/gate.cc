#include "api/gate.h"

#include <utility>

#include "api/caller.h"
#include "http/forwarded.h"

namespace entrepot::api {

Admission Gate::look(const http::Request& request) const { return look(caller_of(request)); }

Admission Gate::look(const auth::Caller& caller) const {
  Admission admission;
  auto known = authenticator_.recall(caller);
  if (auto* subject = std::get_if<access::Subject>(&known)) {
    admission.subject = std::move(*subject);
  } else if (auto* error = std::get_if<Error>(&known)) {
    admission.error = std::move(*error);
  } else {
    admission.executor = std::get<auth::Authenticator::Ask>(known).executor;
  }
  return admission;
}

void Gate::authenticate(Context& context, const http::Request& request,
                        Admission& admission) const {
  authenticate(context, caller_of(request), admission);
}

void Gate::authenticate(Context& context, const auth::Caller& caller, Admission& admission) const {
  auto subject = authenticator_.authenticate(context, caller);
  if (subject) {
    admission.subject = *std::move(subject);
  } else {
    admission.error = std::move(subject).error();
  }
}

void Gate::recall(const http::Request& request, access::Action action, std::string_view repository,
                  Admission& admission) const {
  if (!admission.subject || admission.is_over()) return;
  admission.decision = policy_.recall(question(request, *admission.subject, action, repository));
}

void Gate::decide(Context& context, const http::Request& request, access::Action action,
                  std::string_view repository, Admission& admission) const {
  if (!admission.subject || admission.is_over()) return;
  auto decision =
      policy_.decide(context, question(request, *admission.subject, action, repository));
  if (decision) {
    admission.decision = *std::move(decision);
  } else {
    admission.error = std::move(decision).error();
  }
}

access::Question Gate::question(const http::Request& request, const access::Subject& subject,
                                access::Action action, std::string_view repository) const {
  return {subject, action, repository, http::client_address(request), clock_.wall()};
}

}  // namespace entrepot::api
