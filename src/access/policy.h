#pragma once
// access/policy.h — what somebody may do: the one place that decides.

#include <cstdint>
#include <string_view>

#include "access/subject.h"
#include "base/error.h"

namespace entrepot::access {

enum class Action : std::uint8_t {
  Ping,         // is this a registry, and may I talk to it?
  ListCatalog,  // names of repositories
  Pull,         // see and read a repository
  Push,         // add manifests, blobs and tags; move tags
  Delete,       // tags, manifests, blobs
};

// What is acted on. Repository names are as in the path, and valid.
struct Resource {
  std::string_view repository;  // "" for the registry as a whole
};

struct Decision {
  bool allowed = false;
  // Why: "open mode"; for a refusal what would be needed. A literal, or text that outlives the
  // policy.
  std::string_view reason;
  // Of a refusal: Denied, Unauthenticated, or Unsupported when nobody at all may.
  ErrorCode code = ErrorCode::Denied;
};

// Thread-safe.
class Policy {
 public:
  virtual ~Policy() = default;

  // From memory and without blocking: event loops call it for every request.
  virtual Decision decide(const Subject& subject, Action action, Resource resource) const = 0;
};

// No accounts: everything is public, and whoever reaches the server may do everything that is
// switched on.
class OpenPolicy final : public Policy {
 public:
  struct Options {
    bool deletes = true;     // storage.delete
    bool read_only = false;  // neither pushes nor deletes
  };
  explicit OpenPolicy(Options options) : options_(options) {}

  Decision decide(const Subject& subject, Action action, Resource resource) const override;

 private:
  const Options options_;
};

}  // namespace entrepot::access
