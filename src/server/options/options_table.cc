// The table of all options; what reads them is options.cc.
#include <string>

#include "auth/open_mode.h"
#include "mirror/names.h"
#include "net/networks.h"
#include "server/options/options.h"

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

Result<void> check_network(const std::string& text) {
  TRY(net::Networks::parse({text}));
  return {};
}

// "docker.io", or "registry.example.com=https://10.0.0.1:5000".
Result<void> check_upstream(const std::string& text) {
  const std::size_t equals = text.find('=');
  TRY(mirror::Names::parse_name(std::string_view(text).substr(0, equals)));
  return equals == std::string::npos ? Result<void>() : check_url(text.substr(equals + 1));
}

Result<void> check_root(const std::string& text) {
  return text.empty() ? Result<void>() : check_upstream(text);
}

constexpr Option kTable[] = {
    {.path = "data",
     .field = &Options::data,
     .initial = "/var/lib/entrepot",
     .check = check_not_empty,
     .flag = "data",
     .place = Place::Directory,
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
     .text =
         "As long as there are no accounts: let everybody who reaches the server push, pull and "
         "delete, from anywhere. Without it that is for programs on this machine, and a server "
         "that listens on other addresses makes the account admin at its first start."},
    {.path = "names",
     .field = &Options::names,
     .text = "Host names under which this server is reached. Once set, a Host header has to be one "
             "of them, an IP address, a single label or a local name, wherever the request comes "
             "from; until then only on loopback, and not with open."},

    {.path = "admin.password",
     .field = &Options::admin_password,
     .is_secret = true,
     .text = "Makes the account admin with this password, if there is no account yet. Later it "
             "changes nothing. Better in the environment than in a file, and better in a file of "
             "its own (admin.password_file) than in the environment."},
    {.path = "admin.password_file",
     .field = &Options::admin_password_file,
     .place = Place::File,
     .text = "The file that holds admin.password; a line end behind it does not count."},
    {.path = "auth.htpasswd",
     .field = &Options::auth_htpasswd,
     .place = Place::File,
     .text = "A file of names and bcrypt hashes (htpasswd -B), as registry:2 has it: who is in it "
             "signs in by it, and may pull, push and delete everywhere until that grant is removed "
             "(entrepot grant). Read again when it changes."},
    {.path = "tokens.life",
     .field = &Options::tokens_life,
     .initial = "60m",
     .least = 60'000,
     .most = 24ULL * 3600 * 1000,
     .text =
         "How long a registry token is good for. A push whose layer takes longer needs a client "
         "that renews its token. Rights are looked up at each use, so that a short life takes "
         "nobody's rights away sooner."},

    {.path = "http.listen",
     .field = &Options::http_listen,
     .initial = "127.0.0.1:5000",
     .flag = "listen",
     .text =
         "Addresses to listen on. No host before the colon: all addresses; a host name: all that "
         "it stands for at the start; port 0: the system chooses."},
    {.path = "http.tls.certificate",
     .field = &Options::http_tls_certificate,
     .place = Place::File,
     .text = "PEM file with the server's certificate, then the intermediates: turns HTTPS on. Read "
             "again when it changes, and on SIGHUP."},
    {.path = "http.tls.key",
     .field = &Options::http_tls_key,
     .place = Place::File,
     .text = "PEM file with the certificate's private key."},
    {.path = "http.tls.minimum",
     .field = &Options::http_tls_minimum,
     .initial = "1.2",
     .choices = kTlsVersions,
     .text = "The oldest TLS version that is spoken."},
    {.path = "http.tls.client_ca",
     .field = &Options::http_tls_client_ca,
     .place = Place::File,
     .text = "PEM files of authorities: clients need a certificate that one of them signed, else "
             "the handshake ends. Read again together with the server's certificate."},
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
    {.path = "http.trusted_proxies",
     .field = &Options::http_trusted_proxies,
     .check = check_network,
     .text = "Addresses and networks (10.0.0.0/8) of proxies in front, whose word about the "
             "client's address counts: Forwarded, else X-Forwarded-For. For the access log, and "
             "for rules that go by networks."},
    {.path = "http.secret",
     .field = &Options::http_secret,
     .is_secret = true,
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

    {.path = "mirror.upstreams",
     .field = &Options::mirror_upstreams,
     .check = check_upstream,
     .text = "Other registries that are served here, and kept as they are pulled, each below its "
             "own name: docker.io, or NAME=URL where it is reached under another address than "
             "https://NAME."},
    {.path = "mirror.root",
     .field = &Options::mirror_root,
     .check = check_root,
     .text = "The upstream that is asked for what lies in no namespace of this registry: with "
             "docker.io, library/nginx is docker.io/library/nginx. For registry-mirrors of docker. "
             "It need not stand among mirror.upstreams."},
    {.path = "mirror.credentials",
     .field = &Options::mirror_credentials,
     .place = Place::File,
     .text = "A file of what to sign in with at upstreams, as docker login writes it "
             "(config.json). Read at the start. Whoever may pull an upstream here sees what these "
             "credentials may."},
    {.path = "mirror.username",
     .field = &Options::mirror_username,
     .text = "For mirror.root: the name to sign in with, in place of mirror.credentials."},
    {.path = "mirror.password",
     .field = &Options::mirror_password,
     .is_secret = true,
     .text = "And its password or token."},
    {.path = "mirror.ca_file",
     .field = &Options::mirror_ca_file,
     .place = Place::File,
     .text = "PEM file of certificates to trust for upstreams, in place of the machine's."},
    {.path = "mirror.fresh_for",
     .field = &Options::mirror_fresh_for,
     .initial = "60s",
     .text = "How long a tag of an upstream is told without asking it again."},
    {.path = "mirror.absent_for",
     .field = &Options::mirror_absent_for,
     .initial = "30s",
     .text = "How long it is remembered that an upstream does not have something."},
    {.path = "mirror.keep_for",
     .field = &Options::mirror_keep_for,
     .initial = "0",
     .text =
         "What of an upstream was not pulled for so long goes, and comes again when it is asked "
         "for; 0: it stays."},
    {.path = "mirror.offline",
     .field = &Options::mirror_offline,
     .initial = "false",
     .text = "Ask no upstream; what is here is served."},

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

}  // namespace

std::span<const Option> option_table() { return kTable; }

}  // namespace entrepot::server
