#pragma once
// http/request_data.h — what a Request holds, for who reads requests off a connection.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace entrepot::http {

// A request's head, taken apart. All views point into the text that was parsed.
struct Head {
  Method method = Method::Other;
  std::string_view method_text, target, path, query;
  std::vector<Header> headers;
  std::optional<std::uint64_t> content_length_bytes;
  bool chunked = false;
  bool http11 = true;
  bool keep_alive = true;         // what the client wants; HTTP/1.0 must ask for it
  bool expects_continue = false;  // and has a body to send

  bool has_body() const { return chunked || content_length_bytes.value_or(0) > 0; }

  // Forgets everything but the capacity, so that a reused Head costs no allocation.
  void clear() {
    std::vector<Header> kept = std::move(headers);
    kept.clear();
    *this = Head();
    headers = std::move(kept);
  }
};

struct RequestData {
  Bytes text;  // the head that `head` points into; empty while it is still in a receive buffer
  Head head;   // always valid
  std::shared_ptr<const Peer> peer;
  std::string id;
  std::unique_ptr<Note> note;  // the handler's
};

}  // namespace entrepot::http
