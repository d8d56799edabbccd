#include "mirror/names.h"

#include <algorithm>

#include "oci/name.h"

namespace entrepot::mirror {
namespace {

// The first part of a name, and what stands behind its slash.
struct Split {
  std::string_view first;
  std::string_view rest;  // "" when there is one part
};

Split split(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == name.npos) return {name, {}};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

std::string_view without_port(std::string_view host) { return host.substr(0, host.find(':')); }

}  // namespace

Names::Names(std::vector<UpstreamName> upstreams, std::string root)
    : upstreams_(std::move(upstreams)), root_(std::move(root)) {}

Result<UpstreamName> Names::parse_name(std::string_view name) {
  const bool good = oci::RepositoryName::is_valid(name) && name.find('/') == name.npos &&
                    name.find('.') != name.npos;
  if (!good) {
    return fail(
        ErrorCode::InvalidArgument,
        "\"{}\" is no name of an upstream: that is a host name with a dot, such as docker.io",
        name);
  }
  UpstreamName upstream{std::string(name)};
  if (name == kDockerHub) upstream.aliases = {"index.docker.io", "registry-1.docker.io"};
  return upstream;
}

const UpstreamName* Names::find(std::string_view host) const {
  const auto is_it = [&](const UpstreamName& upstream) {
    return upstream.name == host || std::find(upstream.aliases.begin(), upstream.aliases.end(),
                                              host) != upstream.aliases.end();
  };
  const auto found = std::find_if(upstreams_.begin(), upstreams_.end(), is_it);
  return found == upstreams_.end() ? nullptr : &*found;
}

// Docker Hub's own images live in "library", which nobody types.
std::string Names::join(const UpstreamName& upstream, std::string_view path) {
  const bool is_short = upstream.name == kDockerHub && path.find('/') == path.npos;
  return upstream.name + (is_short ? "/library/" : "/") + std::string(path);
}

std::string Names::list() const {
  std::string names;
  for (const UpstreamName& upstream : upstreams_) {
    names += (names.empty() ? "" : ", ") + upstream.name;
  }
  return names;
}

std::optional<Names::Place> Names::place_of(std::string_view repository) const {
  const auto [first, rest] = split(repository);
  if (rest.empty()) return std::nullopt;
  for (std::size_t index = 0; index < upstreams_.size(); ++index) {
    if (upstreams_[index].name == first) return Place{index, rest};
  }
  return std::nullopt;
}

Result<std::optional<std::string>> Names::meant_by(std::string_view repository, std::string_view ns,
                                                   bool is_pull, const IsLocal& is_local) const {
  const auto [first, rest] = split(repository);
  const UpstreamName* const prefix = rest.empty() ? nullptr : find(first);
  std::string meant;
  if (!ns.empty()) {
    const UpstreamName* upstream = find(ns);
    if (upstream == nullptr) upstream = find(without_port(ns));
    if (upstream == nullptr) {
      return fail(ErrorCode::NotFound, "\"{}\" is not mirrored here; what is: {}", ns, list());
    }
    // With both, the prefix counts once.
    meant = join(*upstream, prefix == upstream ? rest : repository);
  } else if (prefix != nullptr) {
    meant = join(*prefix, rest);
  } else if (!root_.empty() && is_pull && !is_local(repository)) {
    meant = join(*find(root_), repository);
  } else {
    return std::optional<std::string>();
  }
  TRY(oci::RepositoryName::parse(meant));
  return std::optional(std::move(meant));
}

std::string_view Names::at_front_of(std::string_view path) const {
  if (!path.starts_with('/')) return {};
  const auto [first, rest] = split(path.substr(1));
  if (rest != "v2" && !rest.starts_with("v2/")) return {};
  return find(first) == nullptr ? std::string_view() : first;
}

}  // namespace entrepot::mirror
