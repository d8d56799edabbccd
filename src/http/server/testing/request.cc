#include "http/server/testing/request.h"

#include "base/check.h"
#include "base/log.h"
#include "http/request_data.h"
#include "http/server/internal/head_parser.h"

namespace entrepot::http::server::testing {

Peer loopback_peer() {
  Peer peer;
  peer.address = "127.0.0.1";
  peer.port = 40'000;
  peer.loopback = true;
  return peer;
}

Request request_from(std::string_view head, Peer peer) {
  auto data = std::make_unique<RequestData>();
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '\n' && (i == 0 || head[i - 1] != '\r')) data->text += '\r';
    data->text += head[i];
  }
  while (!data->text.ends_with("\r\n\r\n")) data->text += "\r\n";
  data->peer = std::make_shared<const Peer>(std::move(peer));
  data->id = "test-request";

  const Limits limits;
  internal::HeadScanner scanner(limits);
  const bool whole = scanner.scan(data->text) == internal::HeadScanner::Status::Complete;
  const auto refusal =
      whole ? internal::parse_head(data->text, data->head) : std::optional(scanner.refusal());
  if (refusal) log::error("a test's request is malformed: {}", refusal->message);
  CHECK(!refusal);
  return Request(std::move(data));
}

Request make_request(std::string_view method, std::string_view target, const Headers& headers,
                     Peer peer) {
  std::string head;
  head.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
  for (const auto& [name, value] : headers) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  return request_from(head.append("\r\n"), std::move(peer));
}

}  // namespace entrepot::http::server::testing
