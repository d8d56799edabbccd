#include "server/options.h"

#include <algorithm>

#include <fmt/format.h>

#include "auth/open_mode.h"
#include "base/check.h"

namespace entrepot::server {
namespace {

constexpr std::uint64_t kMostThreads = 512;
constexpr std::string_view kTlsVersions[] = {"1.2", "1.3"};
constexpr std::string_view kMissing[] = {"refuse", "accept"};
constexpr std::string_view kLogLevels[] = {"debug", "info", "warning", "error"};
constexpr std::string_view kLogFormats[] = {"text", "json"};
constexpr std::string_view kAccessLogFormats[] = {"combined", "json"};

Result<void> check_not_empty(const std::string& text) {
  if (!text.empty()) return {};
  return fail(ErrorCode::InvalidArgument, "must not be empty");
}

Result<void> check_url(const std::string& text) {
  const auto scheme = text.find("://");
  const bool good =
      text.empty() || (scheme != std::string::npos && text.size() > scheme + 3 &&
                       (text.starts_with("https://") || text.starts_with("http://")) &&
                       text.find_first_of(" \t\r\n\"<>") == std::string::npos);
  if (good) return {};
  return fail(ErrorCode::InvalidArgument, "\"{}\" is not a URL such as https://registry.example",
              text);
}

Result<void> check_url_path(const std::string& text) {
  if (text.starts_with('/') && text.find_first_of(" \t\r\n?#") == std::string::npos) return {};
  return fail(ErrorCode::InvalidArgument, "\"{}\" is not a path such as /registry/", text);
}

Result<void> check_origin(const std::string& text) {
  if (auth::is_origin(text)) return {};
  return fail(ErrorCode::InvalidArgument, "\"{}\" is not an origin such as https://ui.example.com",
              text);
}

constexpr Option kTable[] = {
    {.path = "data",
     .field = &Options::data,
     .initial = "/var/lib/entrepot",
     .check = check_not_empty,
     .flag = "data",
     .text = "The directory that holds everything: blobs, metadata, uploads. Made when missing."},
    {.path = "user",
     .field = &Options::user,
     .flag = "user",
     .text = "Started as root: read the certificate's key, bind, give this user what is root's in "
             "the data directory, then run as that user. What is another user's is left."},
    {.path = "open",
     .field = &Options::open,
     .initial = "false",
     .flag = "open",
     .text = "Let everybody who reaches the server push, pull and delete, from anywhere. Without "
             "it, only loopback addresses are listened on."},
    {.path = "names",
     .field = &Options::names,
     .text = "Host names under which this server is reached. Once set, a Host header has to be one "
             "of them, an IP address, a single label or a local name, wherever the request comes "
             "from; until then only on loopback, and not with open."},

    {.path = "http.listen",
     .field = &Options::http_listen,
     .initial = "127.0.0.1:5000",
     .flag = "listen",
     .text =
         "Addresses to listen on. No host before the colon: all addresses; a host name: all that "
         "it stands for at the start; port 0: the system chooses."},
    {.path = "http.tls.certificate",
     .field = &Options::http_tls_certificate,
     .text = "PEM file with the server's certificate, then the intermediates: turns HTTPS on. Read "
             "again when it changes, and on SIGHUP."},
    {.path = "http.tls.key",
     .field = &Options::http_tls_key,
     .text = "PEM file with the certificate's private key."},
    {.path = "http.tls.minimum",
     .field = &Options::http_tls_minimum,
     .initial = "1.2",
     .choices = kTlsVersions,
     .text = "The oldest TLS version that is spoken."},
    {.path = "http.host",
     .field = &Options::http_host,
     .check = check_url,
     .text =
         "The URL under which clients reach the server behind a proxy, with the path in front of "
         "/v2/. When set, URLs in answers are absolute and begin with it, whatever "
         "http.relative_urls and http.prefix are."},
    {.path = "http.prefix",
     .field = &Options::http_prefix,
     .initial = "/",
     .check = check_url_path,
     .text = "The path below which the registry lives: with /registry/, clients find "
             "/registry/v2/."},
    {.path = "http.relative_urls",
     .field = &Options::http_relative_urls,
     .initial = "true",
     .text = "Answer with Location headers that are paths, right behind any proxy; false: absolute "
             "URLs, made from the request's Host, Forwarded, X-Forwarded-Proto and "
             "X-Forwarded-Host."},
    {.path = "http.headers",
     .field = &Options::http_headers,
     .text = "Headers that every answer carries, in place of what it had under that name. In a "
             "file: a map from name to value or values. Not those that frame a message or say what "
             "is in it. A page that Access-Control-Allow-Origin names may use the server."},
    {.path = "http.origins",
     .field = &Options::http_origins,
     .check = check_origin,
     .text = "Origins of web pages that may use the server, such as https://ui.example.com; * for "
             "every page. For a page whose own server passes its requests on; pages that come "
             "straight need Access-Control-Allow-Origin in http.headers as well."},
    {.path = "http.secret",
     .field = &Options::http_secret,
     .text = "The key that signs upload locations, at least 32 bytes. Made at random and kept with "
             "the data when empty."},
    {.path = "http.idle_timeout",
     .field = &Options::http_idle_timeout,
     .initial = "75s",
     .least = 1000,
     .text = "A connection without a byte in either direction for so long is closed; behind a load "
             "balancer, longer than its own. There is no limit on the whole time of an exchange."},
    {.path = "http.head_timeout",
     .field = &Options::http_head_timeout,
     .initial = "10s",
     .least = 100,
     .text = "A request's head, or a TLS handshake, is whole so long after its first byte, else it "
             "gets 408 or is closed."},
    {.path = "http.push_timeout",
     .field = &Options::http_push_timeout,
     .initial = "10m",
     .least = 1000,
     .text = "A push of which less than 1 KiB a second came, on average over so long, gets 408; "
             "what came of a blob is kept. Shorter silence is fine: docker pauses while it "
             "compresses."},
    {.path = "http.drain_timeout",
     .field = &Options::http_drain_timeout,
     .initial = "8s",
     .text = "How long running exchanges may go on after SIGTERM."},

    {.path = "limits.connections",
     .field = &Options::limits_connections,
     .initial = "0",
     .text = "Connections at a time, of all clients together; 0: what the limit on open files "
             "leaves. Past it the oldest unfinished heads make room, then the longest idle ones."},
    {.path = "limits.request_line",
     .field = &Options::limits_request_line,
     .initial = "16KiB",
     .least = 1024,
     .most = 1 << 20,
     .text = "Length of a request's first line; a longer one gets 414."},
    {.path = "limits.head",
     .field = &Options::limits_head,
     .initial = "64KiB",
     .least = 4096,
     .most = 1 << 20,
     .text = "Length of a request's head; a longer one gets 431."},
    {.path = "limits.headers",
     .field = &Options::limits_headers,
     .initial = "100",
     .least = 20,
     .most = 10'000,
     .text = "Headers in a request; more get 431."},
    {.path = "limits.receive_buffers",
     .field = &Options::limits_receive_buffers,
     .initial = "64",
     .least = 2,
     .most = 65'536,
     .text = "Buffers of 1 MiB for all running pushes together. Slow pushes get 16 KiB of one, "
             "silent ones nothing; a push without one waits, at most 10 s, then 503."},
    {.path = "limits.memory",
     .field = &Options::limits_memory,
     .initial = "64MiB",
     .least = 16 << 20,
     .text =
         "Memory for manifests that are being pushed, parsed and listed and for answers that "
         "wait to be read, of all clients together. Past it the slowest gives way, others wait, "
         "at most 10 s, then 503."},
    {.path = "limits.catalog_entries",
     .field = &Options::limits_catalog_entries,
     .initial = "1000",
     .least = 1,
     .most = 100'000,
     .text = "Repositories in one answer of /v2/_catalog; at most 1000 when the request says how "
             "many."},
    {.path = "limits.tags",
     .field = &Options::limits_tags,
     .initial = "10000",
     .least = 1,
     .most = 100'000,
     .text = "Tags in one answer of tags/list; at most 1000 when the request says how many."},

    {.path = "workers.loops",
     .field = &Options::workers_loops,
     .initial = "0",
     .most = kMostThreads,
     .text = "Event loops, which hold the connections; 0: one per core."},
    {.path = "workers.data",
     .field = &Options::workers_data,
     .initial = "0",
     .most = kMostThreads,
     .text = "Threads that move the bytes of layers; 0: as many as cores."},
    {.path = "workers.decisions",
     .field = &Options::workers_decisions,
     .initial = "0",
     .most = kMostThreads,
     .text = "Threads that decide requests and may wait for the disk; 0: four per core, at least "
             "8."},
    {.path = "workers.finishers",
     .field = &Options::workers_finishers,
     .initial = "0",
     .most = kMostThreads,
     .text = "Threads that make uploads durable, which is mostly waiting for the disk; 0: four per "
             "core, at least 16."},
    {.path = "workers.queue",
     .field = &Options::workers_queue,
     .initial = "1024",
     .least = 1,
     .most = 1'000'000,
     .text = "Requests that may wait for a deciding thread before the server reads no more."},

    {.path = "manifests.missing",
     .field = &Options::manifests_missing,
     .initial = "refuse",
     .choices = kMissing,
     .text = "A manifest that names layers or a config that its repository lacks: refuse it, or "
             "accept it and wait for them."},
    {.path = "storage.delete",
     .field = &Options::storage_delete,
     .initial = "true",
     .text = "Let clients delete tags, manifests and blobs."},
    {.path = "storage.read_only",
     .field = &Options::storage_read_only,
     .initial = "false",
     .text = "Refuse every push and delete; pulls go on."},

    {.path = "collect.enabled",
     .field = &Options::collect_enabled,
     .initial = "true",
     .text = "Remove blobs that no manifest uses any more, while the server runs."},
    {.path = "collect.delay",
     .field = &Options::collect_delay,
     .initial = "24h",
     .text = "How long a blob stays after its last use, before it is looked at."},
    {.path = "collect.interval",
     .field = &Options::collect_interval,
     .initial = "1m",
     .least = 1000,
     .text = "Time between two looks at the queue of blobs to review."},
    {.path = "collect.pause",
     .field = &Options::collect_pause,
     .initial = "5ms",
     .text = "Time between two steps of a collection, for pushes and pulls to go first."},
    {.path = "uploads.purge_after",
     .field = &Options::uploads_purge_after,
     .initial = "168h",
     .text = "An upload without a byte for so long is dropped; 0: never."},
    {.path = "uploads.purge_interval",
     .field = &Options::uploads_purge_interval,
     .initial = "1h",
     .least = 1000,
     .text = "Time between two looks for such uploads."},
    {.path = "uploads.max_open",
     .field = &Options::uploads_max_open,
     .initial = "10000",
     .least = 1,
     .text =
         "Uploads that may have bytes on the disk at the same time; past that the ones that are "
         "silent for longest make room."},
    {.path = "quarantine.keep",
     .field = &Options::quarantine_keep,
     .initial = "720h",
     .text = "How long damaged blobs that were set aside can be looked at."},
    {.path = "quarantine.max_bytes",
     .field = &Options::quarantine_max_bytes,
     .initial = "10GiB",
     .text = "How much of them is kept at most; the oldest go first."},
    {.path = "scrub.enabled",
     .field = &Options::scrub_enabled,
     .initial = "true",
     .text = "Read all that is at rest once in a while, and set aside what is damaged."},
    {.path = "scrub.period",
     .field = &Options::scrub_period,
     .initial = "30d",
     .least = 1000,
     .text = "Within so long each byte is read again, as far as scrub.rate lets it be."},
    {.path = "scrub.rate",
     .field = &Options::scrub_rate,
     .initial = "20MiB",
     .least = 1024,
     .text = "What the scrub reads in a second, at most."},
    {.path = "backup.interval",
     .field = &Options::backup_interval,
     .initial = "24h",
     .text =
         "How often the metadata is copied to entrepot/backups in the data directory, while the "
         "server runs; 0: never."},
    {.path = "backup.keep",
     .field = &Options::backup_keep,
     .initial = "3",
     .least = 1,
     .text = "How many of these copies stay."},

    {.path = "log.level",
     .field = &Options::log_level,
     .initial = "info",
     .choices = kLogLevels,
     .text = "The least important line that is logged, to standard error."},
    {.path = "log.format",
     .field = &Options::log_format,
     .initial = "text",
     .choices = kLogFormats,
     .text = "Lines for people, or one JSON object a line."},
    {.path = "access_log.enabled",
     .field = &Options::access_log_enabled,
     .initial = "true",
     .text = "Write one line per request to standard output."},
    {.path = "access_log.format",
     .field = &Options::access_log_format,
     .initial = "combined",
     .choices = kAccessLogFormats,
     .text = "The Combined Log Format, or one JSON object a line."},
    {.path = "debug.listen",
     .field = &Options::debug_listen,
     .text = "Further addresses that answer /healthz, /readyz and the metrics, and nothing else."},
    {.path = "debug.metrics_path",
     .field = &Options::debug_metrics_path,
     .initial = "/metrics",
     .check = check_url_path,
     .text = "Where the metrics are on debug.listen."},
};

// Reading one value, by the type of the field that takes it.

Result<void> read_value(const Option& option, const std::string& text, std::string& out) {
  const auto& choices = option.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end()) {
    return fail(ErrorCode::InvalidArgument, "\"{}\" is none of {}", text, fmt::join(choices, ", "));
  }
  if (option.check != nullptr) TRY(option.check(text));
  out = text;
  return {};
}

Result<void> read_value(const Option&, const std::string& text, bool& out) {
  TRY_ASSIGN(out, parse_switch(text));
  return {};
}

Result<void> check_bounds(const Option& option, std::uint64_t value, std::string_view text,
                          std::string_view unit) {
  if (value < option.least) {
    return fail(ErrorCode::InvalidArgument, "{} is less than {}{}", text, option.least, unit);
  }
  if (value > option.most) {
    return fail(ErrorCode::InvalidArgument, "{} is more than {}{}", text, option.most, unit);
  }
  return {};
}

Result<void> read_value(const Option& option, const std::string& text, std::uint64_t& out) {
  TRY_ASSIGN(const std::uint64_t count, parse_count(text));
  TRY(check_bounds(option, count, text, ""));
  out = count;
  return {};
}

Result<void> read_value(const Option& option, const std::string& text, Size& out) {
  TRY_ASSIGN(const Size size, parse_size(text));
  TRY(check_bounds(option, size.bytes, text, " bytes"));
  out = size;
  return {};
}

Result<void> read_value(const Option& option, const std::string& text, Duration& out) {
  TRY_ASSIGN(const Duration duration, parse_duration(text));
  TRY(check_bounds(option, static_cast<std::uint64_t>(duration.count()), text, "ms"));
  out = duration;
  return {};
}

Result<void> read_value(const Option&, const std::string& text, ListenAddress& out) {
  TRY_ASSIGN(out, parse_listen_address(text));
  return {};
}

Result<void> read_value(const Option&, const std::string& text, HeaderLine& out) {
  TRY_ASSIGN(out, parse_header_line(text));
  return {};
}

template <class T>
Result<void> read_values(const Option& option, const std::vector<std::string>& values, T& out) {
  if (values.size() != 1) {
    return fail(ErrorCode::InvalidArgument, "takes one value, not {}", values.size());
  }
  return read_value(option, values.front(), out);
}

template <class T>
Result<void> read_values(const Option& option, const std::vector<std::string>& values,
                         std::vector<T>& out) {
  std::vector<T> list(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) TRY(read_value(option, values[i], list[i]));
  out = std::move(list);
  return {};
}

Result<void> assign(const Option& option, const std::vector<std::string>& values,
                    Options& options) {
  return std::visit([&](auto field) { return read_values(option, values, options.*field); },
                    option.field);
}

// The names of types in the reference page, in the order of OptionField.
constexpr std::string_view kTypeNames[] = {"text",     "switch", "count",     "size",
                                           "duration", "texts",  "addresses", "headers"};

std::string type_for_people(const Option& option) {
  if (option.choices.empty()) return std::string(kTypeNames[option.field.index()]);
  return fmt::format("`{}`", fmt::join(option.choices, "`, `"));
}

constexpr std::string_view kPageHead = R"(# Options

Made by `entrepot options --markdown` from the table in `src/server/options.cc`; a test compares.

Every option has a default, so no file is needed. An option can be set, the later over the former,

1. in one YAML file, `entrepot serve FILE`, where the dots of its key are levels;
2. in the environment;
3. by a flag: `--<key> VALUE` or `--<key>=VALUE`. Short flags: `--data`, `--listen`, `--open`,
   `--user`.

A key that does not exist, or a value that does not fit, stops the start with the file, the line and
what would be right. Unknown `ENTREPOT_*` variables are only warned about; those that Kubernetes sets
for a service of that name are ignored.

| type | how it is written |
| --- | --- |
| switch | `true` or `false` (also `yes`/`no`, `on`/`off`, `1`/`0`); as a flag alone: `true` |
| count | decimal digits |
| size | `64MiB`, `64MB`, or bytes: `65536` |
| duration | `250ms`, `8s`, `1h30m`, `7d` |
| addresses | a list of `127.0.0.1:5000`, `[::1]:5000`, `:5000`, `registry.lan:5000` |
| texts | a list of words |
| headers | a list of `Name: value`; in a file also a map from name to value |

Lists: in the environment separated by commas (headers: by newlines), or one variable for each
entry, `…_0`, `…_1`; a flag is repeated. A list replaces the one below it.

The file and the variables of `distribution` (`registry:2`) are understood, too:
[registry2-configuration.md](registry2-configuration.md).

| key | type | default | environment | what it does |
| --- | --- | --- | --- | --- |
)";

}  // namespace

std::span<const Option> option_table() { return kTable; }

const Option* find_option(std::string_view path) {
  const auto* found = std::find_if(std::begin(kTable), std::end(kTable),
                                   [&](const Option& option) { return option.path == path; });
  return found == std::end(kTable) ? nullptr : found;
}

bool is_list(const Option& option) {
  return option.field.index() >= OptionField(&Options::names).index();
}

bool is_switch(const Option& option) {
  return std::holds_alternative<bool Options::*>(option.field);
}

std::string environment_name(const Option& option) {
  std::string name = "ENTREPOT_";
  for (char c : option.path) {
    name += c == '.' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
  }
  return name;
}

Options initial_options() {
  Options options;
  for (const Option& option : kTable) {
    std::vector<std::string> values;
    if (!is_list(option) || !option.initial.empty()) values.emplace_back(option.initial);
    const auto assigned = assign(option, values, options);
    CHECK(assigned.has_value());  // a test applies them all
  }
  return options;
}

Result<void> apply(const Setting& setting, Options& options) {
  auto assigned = assign(*setting.option, setting.values, options);
  if (assigned) return {};
  const std::string_view key = setting.key.empty() ? setting.option->path : setting.key;
  return Failure(std::move(assigned.error()).within(fmt::format("{}: {}", setting.where, key)));
}

std::string options_markdown() {
  std::string page(kPageHead);
  for (const Option& option : kTable) {
    const std::string initial = option.initial.empty() ? "" : fmt::format("`{}`", option.initial);
    page += fmt::format("| `{}` | {} | {} | `{}` | {} |\n", option.path, type_for_people(option),
                        initial, environment_name(option), option.text);
  }
  return page;
}

}  // namespace entrepot::server
