#include "api/distribution/upstream.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"

namespace entrepot::api::distribution {
namespace {

// What memory must not tell of again.
constexpr SteadyTime kNotFromMemory = SteadyTime::min();

}  // namespace

registry::UpstreamSource* upstream_of(const Call& call) {
  auto* const upstream = call.services.upstream;
  return upstream != nullptr && upstream->has(call.name) ? upstream : nullptr;
}

http::Reply again_on_upstream(const Call& call) {
  return http::Move{&call.services.upstream->executor(call.name)};
}

http::Response upstream_error(const Call& call, const Error& error, About about) {
  const std::string_view upstream = call.name.substr(0, call.name.find('/'));
  switch (error.code) {
    case ErrorCode::NotFound:
      return call.error({error.code, fmt::format("{} does not have it", upstream)}, about);
    case ErrorCode::Denied:
      log::info("request {}: {}", call.request.id(), error);
      return call.error({error.code, fmt::format("{} refuses it to this mirror", upstream)}, about);
    case ErrorCode::StorageFull:
    case ErrorCode::Cancelled:
      return call.error(error, about);
    default:
      break;
  }
  log::warning("request {}: {}", call.request.id(), error);
  return error_response(
      503, "UNAVAILABLE",
      fmt::format("this is not here, and {} does not give it now; try again later", upstream));
}

std::variant<Told, http::Reply> refresh(Context& context, const Call& call,
                                        const oci::Reference& reference) {
  registry::UpstreamSource& upstream = *call.services.upstream;
  const auto repository = call.repository();
  const auto* tag = std::get_if<oci::Tag>(&reference);
  if (tag != nullptr) {
    if (const auto until = upstream.fresh_until(repository.str(), tag->str())) {
      return Told{until, ""};
    }
  } else if (!call.on_upstream) {
    return Told{std::nullopt, ""};  // a digest that is here is right
  }
  if (call.on_reader) return Told{kNotFromMemory, ""};  // it was brought a moment ago
  if (!call.on_upstream) return again_on_upstream(call);
  const auto brought = upstream.bring(context, repository, reference);
  if (!brought) {
    const About about = tag != nullptr ? About::Tag : About::Manifest;
    return http::Reply(upstream_error(call, brought.error(), about));
  }
  if (tag == nullptr) return Told{std::nullopt, ""};
  const auto until = upstream.fresh_until(repository.str(), tag->str());
  return Told{until.value_or(kNotFromMemory), brought->warning};
}

void warn(http::Response& response, std::string_view text) {
  std::string quoted(text);
  std::replace_if(
      quoted.begin(), quoted.end(),
      [](char c) { return c < ' ' || c > '~' || c == '"' || c == '\\'; }, '\'');
  response.with("Warning", fmt::format("299 - \"this may be old: {}\"", quoted));
}

http::Response refuse_push_to_upstream(std::string_view repository) {
  return error_response(
      403, "DENIED",
      fmt::format("{} is another registry's, and is only pulled here; push under a namespace of "
                  "your own, or straight to {}",
                  repository, repository.substr(0, repository.find('/'))));
}

}  // namespace entrepot::api::distribution
