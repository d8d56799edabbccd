#pragma once
// server/configure/docker_credentials.h — what `docker login` wrote.

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "remote/registry.h"

namespace entrepot::server {

// By the registry's host, as it stands in the file but for scheme and path ("quay.io",
// "registry.example.com:5000"); Docker Hub, under whichever of its addresses, is "docker.io".
using DockerCredentials = std::map<std::string, remote::Credentials, std::less<>>;

// The `auths` of a config.json: "auth", or "username" and "password". InvalidArgument, with the
// host, for what cannot be used: an identity token, or a helper that keeps the secrets elsewhere.
Result<DockerCredentials> parse_docker_credentials(std::string_view text);

}  // namespace entrepot::server
