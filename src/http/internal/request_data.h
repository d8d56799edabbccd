#pragma once
// http/internal/request_data.h — what a Request holds.

#include <memory>
#include <string>

#include "http/internal/head.h"

namespace entrepot::http {

struct RequestData {
  Bytes text;           // the head that `head` points into; empty while it is still in a loop's
                        // receive buffer
  internal::Head head;  // always valid
  std::shared_ptr<const Peer> peer;
  std::string id;
};

}  // namespace entrepot::http
