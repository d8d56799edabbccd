#pragma once
// api/rest/call.h — one request on its way to a use case.

#include <span>
#include <string>
#include <string_view>

#include "api/gate.h"
#include "api/rest/caller.h"
#include "base/clock.h"
#include "base/executor.h"
#include "http/memory.h"
#include "http/message.h"
#include "insight/image.h"
#include "meta/store.h"
#include "oci/name.h"
#include "people/memory.h"
#include "people/people.h"
#include "people/sessions.h"
#include "registry/pull.h"
#include "registry/remove.h"

namespace entrepot::api::rest {

// What the routes work with. Borrowed; outlives the API.
struct Services {
  const registry::Puller& pull;
  registry::Remover& remove;
  meta::Store& meta;
  people::Memory& memory;
  const Gate& gate;
  http::MemoryAccount& account;  // for what is read and parsed
  const Clock& clock;
  std::string_view version;     // of this program
  Executor* hashing = nullptr;  // where passwords are hashed; null: where the request is
};

// A request whose route is known and whose sender may do what the route does. Lives on the stack of
// its handler.
struct Call {
  const http::Request& request;
  const access::Subject& subject;
  const Services& services;
  std::span<const std::string> words;  // what stands in the route's placeholders, decoded
  std::string_view name;               // the repository, valid; "" where the route has none
  std::string_view body;

  oci::RepositoryName repository() const;
  // Who does it, for what is done to accounts and rights, and to a repository by People.
  people::Author author() const;
  bool may(Context& context, access::Action action, std::string_view repository) const;
};

// An answer that no cache may keep: it depends on who asks.
http::Response answer(int status, std::string body);

}  // namespace entrepot::api::rest
