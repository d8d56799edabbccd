#include "server/run/upstreams.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "server/configure/docker_credentials.h"
#include "server/configure/secret_file.h"

namespace entrepot::server {
namespace {

constexpr std::size_t kMostCredentialBytes = 1u << 20;

// "registry.example.com=https://10.0.0.1:5000", in two.
struct Written {
  std::string_view name;
  std::string url;
};

Written split(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  if (equals == text.npos) {
    return {name, name == mirror::kDockerHub ? "https://registry-1.docker.io"
                                             : "https://" + std::string(name)};
  }
  std::string url(text.substr(equals + 1));
  while (url.ends_with('/')) url.pop_back();
  return {name, std::move(url)};
}

std::string host_of(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  return std::string(url);
}

Result<DockerCredentials> read_credentials(const Options& options) {
  if (options.mirror_credentials.empty()) return DockerCredentials();
  TRY_ASSIGN(const Bytes text, read_secret_file(options.mirror_credentials, kMostCredentialBytes));
  auto read = parse_docker_credentials(text);
  if (read) return read;
  return fail(read.error().code, "{}: {}", options.mirror_credentials, read.error().message);
}

// With the root, which may stand there as well, with another address than its usual one.
std::vector<std::string> written_in(const Options& options) {
  std::vector<std::string> texts = options.mirror_upstreams;
  const std::string& root = options.mirror_root;
  const bool is_listed = std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
    return split(text).name == split(root).name && root.find('=') == root.npos;
  });
  if (!root.empty() && !is_listed) texts.insert(texts.begin(), root);
  return texts;
}

remote::Credentials credentials_of(const DockerCredentials& all, const Written& written) {
  for (const std::string& key : {std::string(written.name), host_of(written.url)}) {
    if (const auto found = all.find(key); found != all.end()) return found->second;
  }
  return {};
}

}  // namespace

std::vector<std::string> upstream_names(const Options& options) {
  std::vector<std::string> names;
  for (const std::string& text : written_in(options)) names.emplace_back(split(text).name);
  return names;
}

Result<std::vector<mirror::Upstream>> make_upstreams(const Options& options, const Clock& clock) {
  TRY_ASSIGN(const DockerCredentials credentials, read_credentials(options));
  std::vector<mirror::Upstream> upstreams;
  for (const std::string& text : written_in(options)) {
    const Written written = split(text);
    const bool is_known = std::any_of(
        upstreams.begin(), upstreams.end(),
        [&](const mirror::Upstream& upstream) { return upstream.name.name == written.name; });
    if (is_known) continue;
    TRY_ASSIGN(auto name, mirror::Names::parse_name(written.name));
    name.aliases.push_back(host_of(written.url));
    remote::Server server{.url = written.url,
                          .credentials = credentials_of(credentials, written),
                          .ca_file = options.mirror_ca_file};
    const bool is_root = written.name == split(options.mirror_root).name;
    if (is_root && !options.mirror_username.empty()) {
      server.credentials = {options.mirror_username, options.mirror_password};
    }
    TRY_ASSIGN(auto registry, remote::Registry::make(std::move(server), {}, clock));
    upstreams.push_back({std::move(name), std::move(registry)});
  }
  return upstreams;
}

mirror::Options mirror_options(const Options& options) {
  mirror::Options out;
  if (!options.mirror_root.empty()) out.root = split(options.mirror_root).name;
  out.fresh_for = options.mirror_fresh_for;
  out.absent_for = options.mirror_absent_for;
  out.offline = options.mirror_offline;
  return out;
}

}  // namespace entrepot::server
