#pragma once
// mirror/names.h — which repository of which registry a request means.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace entrepot::mirror {

// What one upstream is called.
struct UpstreamName {
  std::string name;  // "docker.io": its namespace here
  // Further names that requests have for it: "registry-1.docker.io", "registry.example.com:5000".
  std::vector<std::string> aliases = {};
};

inline constexpr std::string_view kDockerHub = "docker.io";

// Requests name the same image in five ways: below a host of its own ("library/nginx" of a server
// whose root is docker.io), with ?ns=docker.io, with the upstream as the first part of the name,
// with it in front of "/v2/", and with several of these at once. Here all of them become one name,
// which is what rights, cache and audit speak of: "docker.io/library/nginx". No I/O; thread-safe.
class Names {
 public:
  // Is there a repository or a namespace of ours for this name? Asked on event loops.
  using IsLocal = std::function<bool(std::string_view repository)>;

  // `root`: the upstream that answers for what is not ours; "" for none.
  Names(std::vector<UpstreamName> upstreams, std::string root);

  // An upstream's name, and aliases of Docker Hub's that need not be configured.
  // InvalidArgument for what can be no first part of a repository's name, or has no dot: those are
  // namespaces of ours.
  static Result<UpstreamName> parse_name(std::string_view name);

  struct Place {
    std::size_t upstream = 0;  // its index
    std::string_view path;     // what the repository is called there: "library/nginx"
  };
  // Of a name as meant_by() makes it; nothing when it is ours.
  std::optional<Place> place_of(std::string_view repository) const;

  // See registry::UpstreamSource.
  Result<std::optional<std::string>> meant_by(std::string_view repository, std::string_view ns,
                                              bool is_pull, const IsLocal& is_local) const;
  std::string_view at_front_of(std::string_view path) const;

 private:
  const UpstreamName* find(std::string_view host) const;
  static std::string join(const UpstreamName& upstream, std::string_view path);
  std::string list() const;

  const std::vector<UpstreamName> upstreams_;
  const std::string root_;
};

}  // namespace entrepot::mirror
