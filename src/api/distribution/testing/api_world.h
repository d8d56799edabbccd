#pragma once
// api/distribution/testing/api_world.h — the API over a whole registry, asked without a socket.

#include <memory>
#include <string>
#include <vector>

#include "api/distribution/api.h"
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
  explicit ApiWorld(access::OpenPolicy::Options rights = {}, LocationOptions locations = {})
      : policy(rights),
        api(Services{world.puller, world.pusher, world.uploads, world.remover, open_mode, policy,
                     memory},
            Presentation{std::move(locations), "key"}) {}

  registry::testing::World world;
  metrics::Registry metrics;
  http::MemoryAccount memory{64u << 20, metrics};
  auth::OpenMode open_mode{auth::OpenMode::Options{}};
  access::OpenPolicy policy;
  DistributionApi api;

  // As the server does: from memory if that works, else by a worker, the body in pieces of 3 bytes.
  Answer ask(std::string_view method, const std::string& target,
             const http::server::testing::Headers& headers = {}, const std::string& body = "",
             http::Peer peer = http::server::testing::loopback_peer()) {
    const auto request = http::server::testing::make_request(method, target, headers, peer);
    if (auto remembered = api.answer_from_memory(request)) return read(*remembered);
    Context context("test");
    auto reply = api.handle(context, request);
    if (auto* response = std::get_if<http::Response>(&reply)) return read(*response);
    auto& receive = std::get<http::Receive>(reply);
    for (std::size_t at = 0; at < body.size(); at += 3) {
      const auto written = receive.sink->write(context, std::string_view(body).substr(at, 3));
      if (!written) {
        auto failed = receive.sink->failed(context, written.error());
        return read(failed);
      }
    }
    auto finished = receive.sink->finish(context);
    return read(finished);
  }

 private:
  static Answer read(http::Response& response) {
    Context context("test");
    Answer answer{response.status, "", {}};
    for (const auto& [name, value] : response.headers) answer.headers.emplace_back(name, value);
    answer.body = read_all(context, response.body, 8u << 20).value();
    return answer;
  }
};

}  // namespace entrepot::api::distribution::testing
