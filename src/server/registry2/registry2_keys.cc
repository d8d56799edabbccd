// The table of distribution's keys, and how the values of some of them are read.
#include <algorithm>
#include <optional>

#include "server/options/spelling.h"
#include "server/registry2/registry2.h"

namespace entrepot::server {
namespace {

using Kind = YamlNode::Kind;
constexpr auto kHonoured = Registry2Class::Honoured;
constexpr auto kAccepted = Registry2Class::Accepted;
constexpr auto kRefused = Registry2Class::Refused;

Result<void> wrong_value(const YamlNode& node, const Registry2Key& key, std::string_view wanted) {
  return fail(ErrorCode::InvalidArgument, "{}: {}: has to be {}", node.where, key.path, wanted);
}

Result<void> refuse(const Registry2Key& key, const YamlNode& node) {
  return fail(ErrorCode::Unsupported, "{}: {}: {}", node.where, key.path, key.why);
}

// Below a key that decides who may do what, a misspelt one may have been meant to keep somebody
// out.
Result<void> check_keys(const Registry2Key& key, const YamlNode& node,
                        std::span<const std::string_view> known) {
  if (node.kind != Kind::Map) return wrong_value(node, key, "a map of keys");
  for (const auto& [name, value] : node.entries) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return fail(ErrorCode::InvalidArgument, "{}: distribution has no key \"{}.{}\"{}", value.where,
                key.path, name, did_you_mean(name, known));
  }
  return {};
}

// "none" is the one provider that asks nobody; "htpasswd" has rows of its own.
Result<void> read_auth(Registry2Reader&, const Registry2Key& key, const YamlNode& node) {
  if (node.kind == Kind::List) return wrong_value(node, key, "a map of keys");
  const bool known = std::all_of(node.entries.begin(), node.entries.end(), [](const auto& entry) {
    return entry.key == "none" || entry.key == "htpasswd";
  });
  return known && node.entries.size() < 2 ? Result<void>{} : refuse(key, node);
}

Result<void> read_htpasswd(Registry2Reader& reader, const Registry2Key& key, const YamlNode& node) {
  constexpr std::string_view kKnown[] = {"path", "realm"};
  TRY(check_keys(key, node, kKnown));
  const YamlNode* const path = node.find("path");
  if (path == nullptr || path->kind != Kind::Scalar || path->text.empty()) {
    return fail(ErrorCode::InvalidArgument, "{}: {}.path: has to name the file", node.where,
                key.path);
  }
  reader.set(key, {path->text}, *path);
  return {};
}

Result<void> read_version(Registry2Reader&, const Registry2Key& key, const YamlNode& node) {
  return node.text == "0.1" ? Result<void>{} : wrong_value(node, key, "0.1");
}

Result<void> read_log_level(Registry2Reader& reader, const Registry2Key& key,
                            const YamlNode& node) {
  constexpr std::pair<std::string_view, std::string_view> kLevels[] = {
      {"error", "error"}, {"warn", "warning"}, {"info", "info"}, {"debug", "debug"}};
  for (const auto& [theirs, ours] : kLevels) {
    if (node.text == theirs) {
      reader.set(key, {std::string(ours)}, node);
      return {};
    }
  }
  return wrong_value(node, key, "error, warn, info or debug");
}

Result<void> read_formatter(Registry2Reader& reader, const Registry2Key& key,
                            const YamlNode& node) {
  if (node.text == "logstash") {
    reader.warn(node, key.path, "logstash is written as json, without its fixed fields");
  } else if (node.text != "text" && node.text != "json") {
    return wrong_value(node, key, "text, json or logstash");
  }
  reader.set(key, {node.text == "text" ? "text" : "json"}, node);
  return {};
}

Result<void> read_inverted(Registry2Reader& reader, const Registry2Key& key, const YamlNode& node) {
  const auto on = parse_switch(node.text);
  if (!on) return wrong_value(node, key, "true or false");
  reader.set(key, {*on ? "false" : "true"}, node);
  return {};
}

// A limit that is not positive means the default.
Result<void> read_limit(Registry2Reader& reader, const Registry2Key& key, const YamlNode& node) {
  if (node.text.starts_with('-') || node.text == "0") return {};
  reader.set(key, {node.text}, node);
  return {};
}

Result<void> read_minimum_tls(Registry2Reader& reader, const Registry2Key& key,
                              const YamlNode& node) {
  if (node.text == "tls1.0" || node.text == "tls1.1") {
    reader.warn(node, key.path, "versions before TLS 1.2 are not spoken");
  } else if (node.text != "tls1.2" && node.text != "tls1.3") {
    return wrong_value(node, key, "tls1.0, tls1.1, tls1.2 or tls1.3");
  }
  reader.set(key, {node.text == "tls1.3" ? "1.3" : "1.2"}, node);
  return {};
}

// The entries of a list; variables with numbers (…_0, …_1) make a map of one that the file does not
// have. Nothing when it is neither.
std::optional<std::vector<std::string>> texts_of_list(const YamlNode& node) {
  if (node.kind != Kind::List && node.kind != Kind::Map) return std::nullopt;
  std::vector<std::string> texts(std::max(node.items.size(), node.entries.size()));
  for (std::size_t i = 0; i < node.items.size(); ++i) texts[i] = node.items[i].text;
  for (const auto& [name, value] : node.entries) {
    const auto index = parse_count(name);
    if (!index || *index >= texts.size()) return std::nullopt;
    texts[*index] = value.text;
  }
  return texts;
}

// An entry that is empty may have been meant to name one.
Result<void> read_client_cas(Registry2Reader& reader, const Registry2Key& key,
                             const YamlNode& node) {
  if (node.kind == Kind::Null) return {};
  auto files = texts_of_list(node);
  if (!files || std::find(files->begin(), files->end(), "") != files->end()) {
    return wrong_value(node, key, "a list of files");
  }
  if (!files->empty()) reader.set(key, *std::move(files), node);
  return {};
}

// Whatever was typed keeps the registry running, as it did there; see make_location_key().
Result<void> read_secret(Registry2Reader& reader, const Registry2Key& key, const YamlNode& node) {
  if (node.kind != Kind::Scalar) return wrong_value(node, key, "one value");
  if (node.text.size() < kLeastSecretBytes) {
    reader.warn(node, key.path,
                fmt::format("is shorter than {} bytes, so it is mixed with a key that is made at "
                            "random and kept with the data",
                            kLeastSecretBytes));
  }
  reader.set(key, {node.text}, node);
  return {};
}

Result<void> read_prefix(Registry2Reader& reader, const Registry2Key& key, const YamlNode& node) {
  reader.set(key, {node.text.empty() ? "/" : node.text}, node);
  return {};
}

// A map from name to one value or a list of them.
Result<void> read_headers(Registry2Reader& reader, const Registry2Key& key, const YamlNode& node) {
  if (node.kind != Kind::Map) return wrong_value(node, key, "a map from name to values");
  std::vector<std::string> lines;
  for (const auto& [name, value] : node.entries) {
    if (value.kind == Kind::Scalar) lines.push_back(fmt::format("{}: {}", name, value.text));
    for (const YamlNode& item : value.items) {
      if (item.kind != Kind::Scalar) return wrong_value(item, key, "a map from name to texts");
      lines.push_back(fmt::format("{}: {}", name, item.text));
    }
  }
  reader.set(key, std::move(lines), node);
  return {};
}

// Purging that is off, or that only says what it would do.
Result<void> read_purging_off(Registry2Reader& reader, const Registry2Key& key,
                              const YamlNode& node) {
  const auto on = parse_switch(node.text);
  if (!on) return wrong_value(node, key, "true or false");
  const bool dry_run = key.path.ends_with("dryrun");
  if (*on == dry_run) reader.set(key, {"0"}, node);
  return {};
}

// Middlewares that are all switched off change nothing.
Result<void> read_middleware(Registry2Reader&, const Registry2Key& key, const YamlNode& node) {
  constexpr std::string_view kPoints[] = {"registry", "repository", "storage"};
  TRY(check_keys(key, node, kPoints));
  for (const auto& [point, list] : node.entries) {
    if (list.kind != Kind::List) return refuse(key, list);
    for (const YamlNode& item : list.items) {
      const YamlNode* disabled = item.find("disabled");
      if (disabled == nullptr || !parse_switch(disabled->text).value_or(false)) {
        return refuse(key, item);
      }
    }
  }
  return {};
}

// The name of an upstream that is known by its address alone: its host, where that may be one.
std::string upstream_name(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  const std::string_view host = url.substr(0, url.find_first_of("/:"));
  if (host == "registry-1.docker.io" || host == "index.docker.io") return "docker.io";
  return std::string(host) + (host.find('.') == host.npos ? ".local" : "");
}

Registry2Key setting(const Registry2Key& key, std::string_view option) {
  Registry2Key own = key;
  own.option = option;
  return own;
}

// A bare number is nanoseconds there.
std::string duration_of(const std::string& text) {
  const auto nanos = parse_count(text);
  return nanos && *nanos > 0 ? fmt::format("{}ms", std::max<std::uint64_t>(*nanos / 1'000'000, 1))
                             : text;
}

// What a proxy keeps when nobody says how long.
constexpr std::string_view kProxyDays = "168h";

// All that is not here was asked of the other registry, and nothing could be pushed.
Result<void> read_proxy(Registry2Reader& reader, const Registry2Key& key, const YamlNode& node) {
  constexpr std::string_view kProxyKeys[] = {"remoteurl", "username",          "password",
                                             "ttl",       "cachewritetimeout", "exec"};
  TRY(check_keys(key, node, kProxyKeys));
  const YamlNode* url = node.find("remoteurl");
  if (url == nullptr || url->text.empty()) return {};
  if (const YamlNode* exec = node.find("exec"); exec != nullptr && exec->kind != Kind::Null) {
    return fail(ErrorCode::Unsupported,
                "{}: proxy.exec: no program is run for credentials; put them into proxy.username "
                "and proxy.password",
                exec->where);
  }
  reader.set(setting(key, "mirror.root"), {upstream_name(url->text) + "=" + url->text}, *url);
  reader.set(setting(key, "storage.read_only"), {"true"}, *url);
  for (const auto& [name, option] :
       {std::pair("username", "mirror.username"), std::pair("password", "mirror.password")}) {
    const YamlNode* value = node.find(name);
    if (value != nullptr && !value->text.empty()) {
      reader.set(setting(key, option), {value->text}, *value);
    }
  }
  const YamlNode* const ttl = node.find("ttl");
  const std::string kept = ttl != nullptr ? ttl->text : std::string(kProxyDays);
  reader.set(setting(key, "mirror.keep_for"), {duration_of(kept)}, ttl != nullptr ? *ttl : node);
  return {};
}

constexpr Registry2Key unbuilt_driver(std::string_view path) {
  return {path,    kRefused, "", "", "this storage driver is not built yet; only filesystem is",
          nullptr, true};
}

constexpr Registry2Key kKeys[] = {
    {"version", kHonoured, "", "", "0.1 is the only version there is", read_version},

    {"loglevel", kHonoured, "log.level", "", "the old name of log.level", read_log_level},
    {"log.level", kHonoured, "log.level", "", "", read_log_level},
    {"log.formatter", kHonoured, "log.format", "", "logstash is written as json", read_formatter},
    {"log.accesslog.disabled", kHonoured, "access_log.enabled", "", "", read_inverted},
    {"log.fields", kAccepted, "", "", "log lines have no fields of one's own"},
    {"log.hooks", kAccepted, "", "", "no mail is sent for log lines"},
    {"log.reportcaller", kAccepted, "", "false", "log lines do not name the code they come from"},

    {"storage.filesystem.rootdirectory", kHonoured, "data", "",
     "the layout below it is adopted in place"},
    {"storage.filesystem.maxthreads", kAccepted, "", "", "see workers.* in options.md"},
    {"storage.inmemory", kAccepted, "", "", "everything is kept in the data directory", nullptr,
     true},
    unbuilt_driver("storage.s3"),
    unbuilt_driver("storage.s3aws"),
    unbuilt_driver("storage.azure"),
    unbuilt_driver("storage.gcs"),
    unbuilt_driver("storage.swift"),
    unbuilt_driver("storage.oss"),
    {"storage.delete.enabled", kHonoured, "storage.delete", "",
     "off unless it is set, as there: with a file or a variable of distribution's"},
    {"storage.redirect.disable", kHonoured, "", "", "blobs are always sent by the server itself"},
    {"storage.cache", kAccepted, "", "", "what is asked often is kept in memory without it"},
    {"storage.tag.concurrencylimit", kAccepted, "", "", "tags are looked up by index"},
    {"storage.maintenance.uploadpurging.age", kHonoured, "uploads.purge_after", "", ""},
    {"storage.maintenance.uploadpurging.interval", kHonoured, "uploads.purge_interval", "", ""},
    {"storage.maintenance.uploadpurging.enabled", kHonoured, "uploads.purge_after", "",
     "false: never", read_purging_off},
    {"storage.maintenance.uploadpurging.dryrun", kHonoured, "uploads.purge_after", "",
     "true: nothing is purged", read_purging_off},
    {"storage.maintenance.readonly.enabled", kHonoured, "storage.read_only", "", ""},

    {"auth.none", kHonoured, "", "", "nobody is asked who they are"},
    {"auth.htpasswd", kHonoured, "auth.htpasswd", "",
     "who is in the file of path may do what they could there; realm has no effect: clients are "
     "sent to the token service, and Basic is taken as before",
     read_htpasswd, true},
    {"auth", kRefused, "", "",
     "other kinds ask a server that this one does not know; make accounts in place of it (entrepot "
     "user)",
     read_auth, true},
    {"middleware", kRefused, "", "",
     "it may decide who gets what; entrepot loads none (remove it, or set disabled: true)",
     read_middleware},

    {"http.addr", kHonoured, "http.listen", "",
     "an IP address, a host name (all its addresses) or nothing before the colon"},
    {"http.net", kRefused, "", "tcp", "only tcp is listened on"},
    {"http.prefix", kHonoured, "http.prefix", "", "", read_prefix},
    {"http.host", kHonoured, "http.host", "",
     "wins over relativeurls and prefix, as it does there"},
    {"http.secret", kHonoured, "http.secret", "",
     "one shorter than 32 bytes is mixed with a key that is kept with the data", read_secret},
    {"http.relativeurls", kHonoured, "http.relative_urls", "",
     "Location headers are relative unless it is set to false; then Forwarded, X-Forwarded-Proto "
     "and X-Forwarded-Host count as they do there"},
    {"http.draintimeout", kHonoured, "http.drain_timeout", "", ""},
    {"http.tls.certificate", kHonoured, "http.tls.certificate", "", ""},
    {"http.tls.key", kHonoured, "http.tls.key", "", ""},
    {"http.tls.minimumtls", kHonoured, "http.tls.minimum", "", "never below TLS 1.2",
     read_minimum_tls},
    {"http.tls.ciphersuites", kAccepted, "", "", "only strong suites are offered, always the same"},
    {"http.tls.clientcas", kHonoured, "http.tls.client_ca", "",
     "a client without a certificate of these authorities gets no answer", read_client_cas, true},
    {"http.tls.clientauth", kRefused, "", "require-and-verify-client-cert",
     "with clientcas every client has to show a certificate, and each is verified"},
    {"http.tls.letsencrypt", kRefused, "", "",
     "without it the server would speak plain HTTP; give a certificate and key"},
    {"http.headers", kHonoured, "http.headers", "", "", read_headers},
    {"http.debug.addr", kHonoured, "debug.listen", "",
     "/debug/health, /healthz, /readyz and the metrics; no profiles"},
    {"http.debug.prometheus.enabled", kAccepted, "", "true",
     "the metrics are always on debug.listen"},
    {"http.debug.prometheus.path", kHonoured, "debug.metrics_path", "", ""},
    {"http.http2.disabled", kAccepted, "", "true", "HTTP/1.1 is spoken"},
    {"http.h2c.enabled", kAccepted, "", "false", "HTTP/1.1 is spoken"},

    {"notifications", kAccepted, "", "", "no events are sent"},
    {"redis", kAccepted, "", "", "no Redis is used"},
    {"health", kAccepted, "", "", "/readyz tests a write each time it is asked"},
    {"reporting", kAccepted, "", "", "nothing is reported to others"},
    {"proxy", kHonoured, "mirror.root", "",
     "pushes are refused, as there (storage.read_only); ttl is mirror.keep_for, and counts from "
     "the "
     "last pull; exec is refused",
     read_proxy},
    {"catalog.maxentries", kHonoured, "limits.catalog_entries", "", "", read_limit},
    {"tags.maxtags", kHonoured, "limits.tags", "", "", read_limit},
    {"compatibility", kAccepted, "", "", "schema 1 manifests are refused"},
    {"validation.enabled", kAccepted, "", "", "see the keys below it"},
    {"validation.disabled", kAccepted, "", "", "see the keys beside it"},
    {"validation.manifests.urls.allow", kAccepted, "", "",
     "manifests may name any URL; the server itself never follows one"},
    {"validation.manifests.urls.deny", kRefused, "", "",
     "without it manifests could be pushed that were refused"},
    {"validation.manifests.indexes", kAccepted, "", "",
     "an index may name manifests that are not there"},
    {"policy.repository.classes", kRefused, "", "",
     "without it other kinds of artifacts could be pushed"},
};

}  // namespace

std::span<const Registry2Key> registry2_keys() { return kKeys; }

}  // namespace entrepot::server
