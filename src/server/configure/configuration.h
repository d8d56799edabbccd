#pragma once
// server/configure/configuration.h — from a file, the environment and flags to the options.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/options/environment.h"
#include "server/options/options.h"
#include "server/options/yaml.h"

namespace entrepot::server {

struct ConfigurationSources {
  std::optional<std::string> file;  // of ours or of distribution; told apart by its contents
  Environment environment;
  std::vector<Setting> flags;

  // Where distribution's images keep their file, version 2, then 3: read in our own image when
  // there is no `file`.
  std::vector<std::string> mounted = {"/etc/docker/registry/config.yml",
                                      "/etc/distribution/config.yml"};
};

struct Configuration {
  Options options;
  std::vector<std::string> warnings;  // to be logged once

  // Where the options that somebody set came from: "entrepot.yml:3", "ENTREPOT_HTTP_LISTEN",
  // "--listen", "config.yml:3: http.addr", "the image". Those that are not here have their default.
  std::map<const Option*, std::string> origins;

  // distribution's file or one of its REGISTRY_ variables is in use: what ran here before asked
  // nobody who they were.
  bool from_registry2 = false;
};

// Flags over the environment over distribution's environment over the file. Without a file, the
// program's own container image reads distribution's, where one is mounted. InvalidArgument with
// the place, the key, and what would be right; NotFound, Denied and so on for the file itself.
Result<Configuration> load_configuration(const ConfigurationSources& sources);

// What a document of ours sets. InvalidArgument for an unknown key, with the nearest known one.
Result<std::vector<Setting>> read_document(const YamlNode& document);

}  // namespace entrepot::server
