#include "server/configure/configuration.h"

#include <unistd.h>

#include <algorithm>

#include "server/options/spelling.h"
#include "server/registry2/registry2.h"

namespace entrepot::server {
namespace {

std::string join_path(std::string_view above, std::string_view key) {
  return above.empty() ? std::string(key) : fmt::format("{}.{}", above, key);
}

bool is_section(std::string_view path) {
  const std::string prefix = fmt::format("{}.", path);
  const auto table = option_table();
  return std::any_of(table.begin(), table.end(),
                     [&](const Option& option) { return option.path.starts_with(prefix); });
}

Failure unknown_key(const YamlNode& node, std::string_view path) {
  std::vector<std::string_view> known;
  for (const Option& option : option_table()) known.push_back(option.path);
  return fail(ErrorCode::InvalidArgument, "{}: unknown key \"{}\"{}", node.where, path,
              did_you_mean(path, known));
}

Failure wrong_shape(const YamlNode& node, std::string_view path, std::string_view wanted) {
  return fail(ErrorCode::InvalidArgument, "{}: {}: has to be {}", node.where, path, wanted);
}

// "name: value" or "name: [value, value]" as header lines.
Result<void> add_header_lines(const std::string& name, const YamlNode& value,
                              std::vector<std::string>& lines) {
  if (value.kind == YamlNode::Kind::Scalar) {
    lines.push_back(fmt::format("{}: {}", name, value.text));
    return {};
  }
  if (value.kind != YamlNode::Kind::List) return wrong_shape(value, name, "a text or a list");
  for (const YamlNode& item : value.items) {
    if (item.kind != YamlNode::Kind::Scalar) return wrong_shape(item, name, "a text");
    lines.push_back(fmt::format("{}: {}", name, item.text));
  }
  return {};
}

Result<Setting> read_leaf(const Option& option, const YamlNode& node) {
  Setting setting{&option, {}, node.where};
  if (node.kind == YamlNode::Kind::Scalar) {
    setting.values.push_back(node.text);
  } else if (node.kind == YamlNode::Kind::List && is_list(option)) {
    for (const YamlNode& item : node.items) {
      if (item.kind != YamlNode::Kind::Scalar) return wrong_shape(item, option.path, "a text");
      setting.values.push_back(item.text);
    }
  } else if (node.kind == YamlNode::Kind::Map &&
             std::holds_alternative<std::vector<HeaderLine> Options::*>(option.field)) {
    for (const auto& [name, value] : node.entries) {
      TRY(add_header_lines(name, value, setting.values));
    }
  } else {
    return wrong_shape(node, option.path, is_list(option) ? "a list" : "one value");
  }
  return setting;
}

Result<void> read_node(const YamlNode& node, const std::string& path, std::vector<Setting>& out) {
  if (const Option* option = find_option(path)) {
    TRY_ASSIGN(auto setting, read_leaf(*option, node));
    out.push_back(std::move(setting));
    return {};
  }
  if (!path.empty() && !is_section(path)) return unknown_key(node, path);
  if (node.kind == YamlNode::Kind::Null) return {};  // a section whose keys are commented out
  if (node.kind != YamlNode::Kind::Map) {
    return wrong_shape(node, path.empty() ? "the document" : path, "a map of keys");
  }
  for (const auto& [key, value] : node.entries) TRY(read_node(value, join_path(path, key), out));
  return {};
}

Result<void> apply_setting(const Setting& setting, Configuration& out) {
  TRY(apply(setting, out.options));
  out.origins[setting.option] =
      setting.key.empty() ? setting.where : fmt::format("{}: {}", setting.where, setting.key);
  return {};
}

// What is different where the program is its own image's command: the image of registry:2 did so.
Result<void> apply_image_defaults(Configuration& out) {
  std::vector<std::pair<const char*, const char*>> defaults = {{"data", kImageData},
                                                               {"http.listen", ":5000"}};
  if (geteuid() == 0) defaults.emplace_back("user", "entrepot");
  for (const auto& [path, value] : defaults) {
    TRY(apply_setting({find_option(path), {value}, "the image"}, out));
  }
  return {};
}

std::optional<std::string> first_that_exists(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (access(path.c_str(), F_OK) == 0) return path;
  }
  return std::nullopt;
}

// In distribution's configuration any length is taken (registry2_keys.cc).
Result<void> check_secret(const Setting& setting) {
  const bool ours = setting.key.empty() && setting.option->path == "http.secret";
  if (!ours || setting.values.empty() || setting.values.front().empty() ||
      setting.values.front().size() >= kLeastSecretBytes) {
    return {};
  }
  return fail(
      ErrorCode::InvalidArgument,
      "{}: http.secret: has to be at least {} bytes, such as the output of `openssl rand -hex "
      "32`; without one a key is made and kept with the data",
      setting.where, kLeastSecretBytes);
}

// Rules between options.
Result<void> check_together(const Options& options) {
  if (options.http_tls_certificate.empty() != options.http_tls_key.empty()) {
    return fail(ErrorCode::InvalidArgument,
                "http.tls.certificate and http.tls.key: both or neither have to be set");
  }
  if (!options.http_tls_client_ca.empty() && options.http_tls_certificate.empty()) {
    return fail(ErrorCode::InvalidArgument,
                "http.tls.client_ca: without http.tls.certificate and http.tls.key no client could "
                "show a certificate");
  }
  if (options.http_listen.empty()) {
    return fail(ErrorCode::InvalidArgument, "http.listen: needs at least one address");
  }
  return {};
}

}  // namespace

Result<std::vector<Setting>> read_document(const YamlNode& document) {
  std::vector<Setting> settings;
  TRY(read_node(document, "", settings));
  return settings;
}

Result<Configuration> load_configuration(const ConfigurationSources& sources) {
  Configuration out;
  out.options = initial_options();
  auto file = sources.file;
  if (runs_in_own_image(sources.environment)) {
    TRY(apply_image_defaults(out));
    // registry:2's image had such a file, so commands name it that were written for that.
    const auto& places = sources.mounted;
    const bool is_forgiven = file && access(file->c_str(), F_OK) != 0 &&
                             std::find(places.begin(), places.end(), *file) != places.end();
    if (!file || is_forgiven) file = first_that_exists(places);
  }

  YamlNode document;
  if (file) {
    TRY_ASSIGN(document, read_yaml_file(*file));
  }
  YamlNode registry2_document;
  std::vector<Setting> settings;
  if (is_registry2_document(document)) {
    registry2_document = std::move(document);
  } else {
    TRY_ASSIGN(settings, read_document(document));
  }
  TRY_ASSIGN(auto registry2, read_registry2(std::move(registry2_document), sources.environment));
  TRY_ASSIGN(auto environment, read_environment(sources.environment));

  const auto& flags = sources.flags;
  settings.insert(settings.end(), registry2.settings.begin(), registry2.settings.end());
  settings.insert(settings.end(), environment.settings.begin(), environment.settings.end());
  settings.insert(settings.end(), flags.begin(), flags.end());
  for (const Setting& setting : settings) {
    TRY(check_secret(setting));
    TRY(apply_setting(setting, out));
  }
  out.warnings = std::move(registry2.warnings);
  out.warnings.insert(out.warnings.end(), environment.warnings.begin(), environment.warnings.end());
  out.from_registry2 = registry2.in_use;
  TRY(check_together(out.options));
  return out;
}

}  // namespace entrepot::server
