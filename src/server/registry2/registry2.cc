#include "server/registry2/registry2.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/options/spelling.h"

namespace entrepot::server {
namespace {

using Kind = YamlNode::Kind;
constexpr std::string_view kPrefix = "REGISTRY_";

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

bool is_empty(const YamlNode& node) {
  return node.text.empty() && std::all_of(node.items.begin(), node.items.end(), is_empty) &&
         std::all_of(node.entries.begin(), node.entries.end(),
                     [](const auto& entry) { return is_empty(entry.value); });
}

bool is_key(std::string_view path) {
  const auto keys = registry2_keys();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const Registry2Key& key) { return key.path == path; });
}

bool is_section(std::string_view path) {
  const std::string prefix = fmt::format("{}.", path);
  const auto keys = registry2_keys();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const Registry2Key& key) { return key.path.starts_with(prefix); });
}

bool is_below_key(std::string_view path) {
  const auto keys = registry2_keys();
  return std::any_of(keys.begin(), keys.end(), [&](const Registry2Key& key) {
    return path.starts_with(fmt::format("{}.", key.path));
  });
}

std::string guess(std::string_view path) {
  std::vector<std::string_view> known;
  for (const Registry2Key& key : registry2_keys()) known.push_back(key.path);
  return did_you_mean(path, known);
}

// `storage: filesystem` is short for `storage: {filesystem: }`.
void write_out(YamlNode& node) {
  if (node.kind != Kind::Scalar) return;
  YamlNode value;
  value.where = node.where;
  node.kind = Kind::Map;
  node.entries = {{std::exchange(node.text, ""), std::move(value)}};
}

// --- REGISTRY_ variables: laid over the document, as distribution does ---------------------------

std::vector<std::string> segments_of(const std::string& variable) {
  std::vector<std::string> segments;
  std::string_view rest = std::string_view(variable).substr(kPrefix.size());
  while (true) {
    const auto end = rest.find('_');
    segments.push_back(lower_case(rest.substr(0, end)));
    if (end == std::string_view::npos) return segments;
    rest.remove_prefix(end + 1);
  }
}

Result<YamlNode*> child_of(YamlNode& node, const std::string& segment, const std::string& where) {
  if (node.kind == Kind::List) {
    const auto index = parse_count(segment);
    if (!index || *index > node.items.size()) {
      return fail(ErrorCode::InvalidArgument,
                  "{}: \"{}\" is not the number of an entry or the "
                  "next one of a list of {}",
                  where, segment, node.items.size());
    }
    if (*index == node.items.size()) node.items.emplace_back();
    return &node.items[*index];
  }
  write_out(node);
  node.kind = Kind::Map;
  for (auto& [name, value] : node.entries) {
    if (lower_case(name) == segment) return &value;
  }
  node.entries.emplace_back(segment, YamlNode{});
  return &node.entries.back().value;
}

Result<void> lay_over(YamlNode& document, const std::string& variable, const std::string& value) {
  TRY_ASSIGN(auto parsed, parse_yaml_value(value, variable));
  YamlNode* node = &document;
  for (const std::string& segment : segments_of(variable)) {
    TRY_ASSIGN(node, child_of(*node, segment, variable));
    if (node->where.empty()) node->where = variable;
  }
  *node = std::move(parsed);
  return {};
}

// `variables` come sorted, so REGISTRY_STORAGE is laid over before REGISTRY_STORAGE_FILESYSTEM.
Result<void> lay_over_all(YamlNode& document, const Environment& variables,
                          Registry2Settings& out) {
  for (const auto& [name, value] : variables) {
    if (!name.starts_with(kPrefix) || is_from_kubernetes(name, value)) continue;
    const std::string path = fmt::format("{}", fmt::join(segments_of(name), "."));
    if (path == "version" || (!is_key(path) && !is_section(path) && !is_below_key(path))) {
      out.warnings.push_back(
          fmt::format("{}: distribution has no such key, so it is ignored{}", name, guess(path)));
      continue;
    }
    TRY(lay_over(document, name, value));
    out.in_use = true;
  }
  return {};
}

// --- The document ----------------------------------------------------------------------------

// A key that distribution does not have had no effect there. (What is below keys that decide who
// may do what is looked at by their own readers, which refuse what they do not know.)
Result<void> check_known(const YamlNode& node, const std::string& path, Registry2Settings& out) {
  if (is_key(path)) return {};
  if (!path.empty() && !is_section(path)) {
    out.warnings.push_back(fmt::format("{}: distribution has no key \"{}\", so it is ignored{}",
                                       node.where, path, guess(path)));
    return {};
  }
  if (node.kind == Kind::Scalar || node.kind == Kind::List) {
    return fail(ErrorCode::InvalidArgument, "{}: {}: has to be a map of keys", node.where, path);
  }
  for (const auto& [name, value] : node.entries) {
    TRY(check_known(value, path.empty() ? name : fmt::format("{}.{}", path, name), out));
  }
  return {};
}

const YamlNode* find(const YamlNode& document, std::string_view path) {
  const YamlNode* node = &document;
  while (node != nullptr && !path.empty()) {
    const auto end = std::min(path.find('.'), path.size());
    node = std::as_const(*node).find(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return node;
}

Result<void> apply_key(const Registry2Key& key, const YamlNode& node, Registry2Reader& reader) {
  if (is_empty(node) && !key.even_empty) return {};
  if (key.read != nullptr) return key.read(reader, key, node);
  const bool harmless =
      node.kind == Kind::Scalar && !node.text.empty() && lower_case(node.text) == key.harmless;
  if (harmless) return {};
  switch (key.key_class) {
    case Registry2Class::Accepted:
      reader.warn(node, key.path, fmt::format("has no effect here: {}", key.why));
      return {};
    case Registry2Class::Refused:
      return fail(ErrorCode::Unsupported, "{}: {}: {}", node.where, key.path, key.why);
    case Registry2Class::Honoured:
      break;
  }
  if (key.option.empty()) return {};
  if (node.kind != Kind::Scalar) {
    return fail(ErrorCode::InvalidArgument, "{}: {}: has to be one value", node.where, key.path);
  }
  reader.set(key, {node.text}, node);
  return {};
}

// Where distribution's defaults are not ours.
void set_defaults(bool has_document, Registry2Reader& reader) {
  if (has_document) reader.set_default("data", kImageData);
  reader.set_default("storage.delete", "false");
}

constexpr std::string_view kPageHead = R"(# Coming from registry:2: its configuration

Made by `entrepot options --registry2 --markdown` from the table in `src/server/registry2/registry2_keys.cc`;
a test compares.

`entrepot serve FILE` understands the file of the `distribution` registry (`registry:2`, `registry:3`,
Debian's `docker-registry`): a YAML file with `version: 0.1`. The variables that override its keys,
`REGISTRY_HTTP_ADDR` and so on, are understood with and without such a file; entrepot's own variables
and flags win over both ([options.md](options.md)). In entrepot's container image,
`/etc/docker/registry/config.yml` or `/etc/distribution/config.yml` is read when it is mounted.

- **honoured**: does here what it did there.
- **accepted**: has no effect here, which the log says once at the start.
- **refused**: stops the start, because without it somebody could do what they could not before.

A key that `distribution` does not have is warned about, with its line and the nearest known key: it
had no effect there either. Below `auth`, `proxy` and `middleware` it stops the start, since it may have
been meant to keep somebody out. Variables that begin with `REGISTRY_` but name no key are warned about;
those that Kubernetes sets for a service named `registry` are ignored.

A header in `http.headers` takes the place of ours. One that frames a message or says what is in it
(`Content-Length`, `Location`, `Docker-Content-Digest` and the like) stops the start. Pages that
`Access-Control-Allow-Origin` names may use the registry, and their browsers' preflights are answered;
`*` lets every page in, with a warning at each start.

With such a file or variable, deletes are off until `storage.delete.enabled` turns them on, and the
server is as open as it was before: it listens wherever `http.addr` says and lets everybody push and
pull, with a warning at each start; with `auth.htpasswd`, those who are in that file, and nobody else.

| key | class | option here | note |
| --- | --- | --- | --- |
)";

}  // namespace

std::string_view name_of(Registry2Class key_class) {
  switch (key_class) {
    case Registry2Class::Honoured:
      return "honoured";
    case Registry2Class::Accepted:
      return "accepted";
    case Registry2Class::Refused:
      return "refused";
  }
  return "";
}

void Registry2Reader::set(const Registry2Key& key, std::vector<std::string> values,
                          const YamlNode& from) {
  out_.settings.push_back({find_option(key.option), std::move(values), from.where, key.path});
}

void Registry2Reader::set_default(std::string_view option, std::string value) {
  out_.settings.push_back({find_option(option), {std::move(value)}, "distribution's default"});
}

void Registry2Reader::warn(const YamlNode& from, std::string_view path, std::string_view text) {
  out_.warnings.push_back(fmt::format("{}: {}: {}", from.where, path, text));
}

bool is_registry2_document(const YamlNode& document) {
  return document.kind == Kind::Map && document.find("version") != nullptr;
}

Result<Registry2Settings> read_registry2(YamlNode document, const Environment& environment) {
  Registry2Settings out;
  const bool has_document = document.kind != Kind::Null;
  out.in_use = has_document;
  TRY(lay_over_all(document, environment, out));
  if (!out.in_use) return out;

  for (std::string_view section : {"storage", "auth"}) {
    if (YamlNode* node = document.find(section)) write_out(*node);
  }
  TRY(check_known(document, "", out));
  Registry2Reader reader(out);
  set_defaults(has_document, reader);
  for (const Registry2Key& key : registry2_keys()) {
    if (const YamlNode* node = find(document, key.path)) TRY(apply_key(key, *node, reader));
  }
  return out;
}

std::string registry2_markdown() {
  std::string page(kPageHead);
  for (const Registry2Key& key : registry2_keys()) {
    const std::string option = key.option.empty() ? "" : fmt::format("`{}`", key.option);
    const std::string harmless =
        key.harmless.empty() ? "" : fmt::format("fine with `{}`; ", key.harmless);
    page += fmt::format("| `{}` | {} | {} | {}{} |\n", key.path, name_of(key.key_class), option,
                        harmless, key.why);
  }
  return page;
}

}  // namespace entrepot::server
