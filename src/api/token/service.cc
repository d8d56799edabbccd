#include "api/token/service.h"

#include "api/token/answers.h"
#include "api/token/form_body.h"
#include "http/router.h"
#include "people/credentials.h"

namespace entrepot::api::token {
namespace {

using http::Method;

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

// What reading and answering a form takes for each of its bytes.
constexpr std::size_t kFormFactor = 4;

// Who asks, kept with the request from the first step to the last.
struct Visit final : http::Note {
  explicit Visit(Admission asked) : admission(std::move(asked)) {}
  Admission admission;
};

bool is_form(const http::Request& request) {
  std::string_view type = request.header("Content-Type").value_or("");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return http::equals_ignoring_case(type, kFormType);
}

Wish wish_of(const http::Request& request) {
  Wish wish{.scopes = parse_scopes(request.parameters("scope")),
            .offline_by = "",
            .client = request.parameter("client_id").value_or("")};
  const auto authorization = request.header("Authorization");
  if (request.method() == Method::Get && request.parameter("offline_token") == "true" &&
      authorization && people::is_password(*authorization)) {
    wish.offline_by = *authorization;
  }
  return wish;
}

http::Response answer_of(Result<http::Response> issued) {
  return issued ? *std::move(issued) : problem(issued.error());
}

}  // namespace

std::optional<http::Response> TokenService::answer_from_memory(const http::Request& request) {
  const std::string_view path = request.path().substr(options_.prefix.size());
  if (path != "/token" && path != "/token/jwks") {
    return problem(404, "UNKNOWN", "there is nothing here");
  }
  const bool reads = request.method() == Method::Get || request.method() == Method::Head;
  const bool posts = request.method() == Method::Post && path == "/token";
  if (!reads && !posts) {
    auto response = problem(405, "UNSUPPORTED", "tokens are asked for by GET or POST");
    response.with("Allow", path == "/token" ? "GET, HEAD, POST" : "GET, HEAD");
    return response;
  }
  if (path == "/token/jwks") return answer(200, parts_.tokens.jwks());
  if (posts) {
    if (is_form(request)) return std::nullopt;
    return problem(400, "UNSUPPORTED",
                   "tokens are asked for by a form: Content-Type is "
                   "application/x-www-form-urlencoded");
  }
  const auto ours = check_service(request.parameter("service").value_or(""));
  if (!ours) return problem(ours.error());
  Admission admission = parts_.gate.look(request);
  if (admission.error) return problem(*admission.error);
  request.keep(std::make_unique<Visit>(std::move(admission)));
  return std::nullopt;
}

Executor* TokenService::executor_of(const http::Request& request) {
  const auto* visit = static_cast<const Visit*>(request.note());
  return visit == nullptr ? nullptr : visit->admission.executor;
}

http::Reply TokenService::handle(Context& context, const http::Request& request) {
  if (request.note() == nullptr) {
    if (auto response = answer_from_memory(request)) return *std::move(response);
  }
  if (request.method() == Method::Post) return take_form(request);
  Admission& admission = static_cast<Visit&>(*request.note()).admission;
  parts_.gate.authenticate(context, request, admission);
  if (admission.error) return problem(*admission.error);
  Wish wish = wish_of(request);
  if (wish.offline_by.empty()) {
    return answer_of(issuer_.issue(context, request, *admission.subject, wish));
  }
  // What is given is kept first, and no thread that others wait for waits for that.
  return http::Finish{[this, &request, &admission, wish = std::move(wish)](Context& finishing) {
    return answer_of(issuer_.issue(finishing, request, *admission.subject, wish));
  }};
}

http::Reply TokenService::take_form(const http::Request& request) const {
  return http::Receive{.sink = std::make_unique<FormBody>(request, parts_, issuer_),
                       .limit_bytes = kMostFormBytes,
                       .work_factor = kFormFactor};
}

void TokenService::dress(const http::Request* /*request*/, http::Response& response) {
  response.with("X-Content-Type-Options", "nosniff");
}

http::Response TokenService::refuse(const http::Refusal& refusal) {
  return problem(refusal.status, "UNSUPPORTED", refusal.message);
}

}  // namespace entrepot::api::token
