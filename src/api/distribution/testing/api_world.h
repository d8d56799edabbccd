#pragma once
// api/distribution/testing/api_world.h — the API over a whole registry, asked without a socket.

#include <memory>
#include <string>
#include <vector>

#include "access/open_policy.h"
#include "api/distribution/api.h"
#include "auth/open_mode.h"
#include "http/server/testing/request.h"
#include "registry/testing/world.h"

namespace entrepot::api::distribution::testing {

// What an answer comes to.
struct Answer {
  int status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;

  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (http::equals_ignoring_case(key, name)) return value;
    }
    return "";
  }
  bool has_code(std::string_view code) const {
    return body.find(fmt::format(R"("code":"{}")", code)) != std::string::npos;
  }
};

class ApiWorld {
 public:
  explicit ApiWorld(access::Switches rights = {}, LocationOptions locations = {},
                    registry::UpstreamSource* upstream = nullptr)
      : open_policy(rights),
        gate(open_mode, open_policy, world.clock),
        api(Services{world.puller, world.pusher, world.uploads, world.remover, gate, memory,
                     upstream},
            Presentation{std::move(locations), "key"}) {}
  // Behind another way in; both outlive the world.
  ApiWorld(const auth::Authenticator& authenticator, const access::Policy& policy,
           std::optional<Challenge> challenge = {})
      : gate(authenticator, policy, world.clock),
        api(Services{world.puller, world.pusher, world.uploads, world.remover, gate, memory},
            Presentation{{}, "key", {}, always(std::move(challenge))}) {}

  static Challenges always(std::optional<Challenge> challenge) {
    return
        [challenge = std::move(challenge)](const http::Request& /*request*/) { return challenge; };
  }

  registry::testing::World world;
  metrics::Registry metrics;
  http::MemoryAccount memory{64u << 20, metrics};
  auth::OpenMode open_mode{auth::OpenMode::Options{}};
  access::OpenPolicy open_policy{{}};
  Gate gate;
  DistributionApi api;

  // As the server does: from memory if that works, else by a worker, the body in pieces of 3 bytes.
  Answer ask(std::string_view method, const std::string& target,
             const http::server::testing::Headers& headers = {}, const std::string& body = "",
             http::Peer peer = http::server::testing::loopback_peer()) {
    const auto request = http::server::testing::make_request(method, target, headers, peer);
    if (auto remembered = api.answer_from_memory(request)) return read(request, *remembered);
    Context context("test");
    auto reply = api.handle(context, request);
    while (std::holds_alternative<http::Move>(reply)) reply = api.handle(context, request);
    if (auto* response = std::get_if<http::Response>(&reply)) return read(request, *response);
    auto& receive = std::get<http::Receive>(reply);
    for (std::size_t at = 0; at < body.size(); at += 3) {
      const auto written = receive.sink->write(context, std::string_view(body).substr(at, 3));
      if (!written) {
        auto failed = receive.sink->failed(context, written.error());
        return read(request, failed);
      }
    }
    auto finished = receive.sink->finish(context);
    return read(request, finished);
  }

 private:
  Answer read(const http::Request& request, http::Response& response) {
    Context context("test");
    api.dress(&request, response);
    Answer answer{response.status, "", {}};
    for (const auto& [name, value] : response.headers) answer.headers.emplace_back(name, value);
    answer.body = read_all(context, response.body, 8u << 20).value();
    return answer;
  }
};

}  // namespace entrepot::api::distribution::testing
