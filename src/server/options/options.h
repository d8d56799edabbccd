#pragma once
// server/options/options.h — every option of the server, declared once: where its value is kept,
// how it is called, what it is when nobody sets it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "server/options/option_values.h"

namespace entrepot::server {

// The values. Their meaning stands in the table (options_table.cc), which docs/reference/options.md
// is made from; the field of "http.idle_timeout" is http_idle_timeout.
struct Options {
  std::string data;
  std::string user;
  bool open = false;
  std::vector<std::string> names;
  std::string admin_password;
  std::string admin_password_file;
  std::string auth_htpasswd;
  Duration tokens_life{};

  std::vector<ListenAddress> http_listen;
  std::string http_tls_certificate;
  std::string http_tls_key;
  std::string http_tls_minimum;
  std::vector<std::string> http_tls_client_ca;
  std::string http_host;
  std::string http_prefix;
  bool http_relative_urls = false;
  std::vector<HeaderLine> http_headers;
  std::vector<std::string> http_origins;
  std::vector<std::string> http_trusted_proxies;
  std::string http_secret;
  Duration http_idle_timeout{};
  Duration http_head_timeout{};
  Duration http_push_timeout{};
  Duration http_drain_timeout{};

  std::uint64_t limits_connections = 0;
  Size limits_request_line;
  Size limits_head;
  std::uint64_t limits_headers = 0;
  std::uint64_t limits_receive_buffers = 0;
  Size limits_memory;
  std::uint64_t limits_catalog_entries = 0;
  std::uint64_t limits_tags = 0;

  std::uint64_t workers_loops = 0;
  std::uint64_t workers_data = 0;
  std::uint64_t workers_decisions = 0;
  std::uint64_t workers_finishers = 0;
  std::uint64_t workers_queue = 0;

  std::vector<std::string> mirror_upstreams;
  std::string mirror_root;
  std::string mirror_credentials;
  std::string mirror_username;
  std::string mirror_password;
  std::string mirror_ca_file;
  Duration mirror_fresh_for{};
  Duration mirror_absent_for{};
  Duration mirror_keep_for{};
  bool mirror_offline = false;

  std::string manifests_missing;
  bool storage_delete = false;
  bool storage_read_only = false;

  bool collect_enabled = false;
  Duration collect_delay{};
  Duration collect_interval{};
  Duration collect_pause{};
  Duration uploads_purge_after{};
  Duration uploads_purge_interval{};
  std::uint64_t uploads_max_open = 0;
  Duration quarantine_keep{};
  Size quarantine_max_bytes{};
  bool scrub_enabled = false;
  Duration scrub_period{};
  Size scrub_rate;
  Duration backup_interval{};
  std::uint64_t backup_keep = 0;

  std::string log_level;
  std::string log_format;
  bool access_log_enabled = false;
  std::string access_log_format;
  std::vector<ListenAddress> debug_listen;
  std::string debug_metrics_path;
};

using OptionField =
    std::variant<std::string Options::*, bool Options::*, std::uint64_t Options::*, Size Options::*,
                 Duration Options::*, std::vector<std::string> Options::*,
                 std::vector<ListenAddress> Options::*, std::vector<HeaderLine> Options::*>;

// What a text names on the machine, for shells to complete.
enum class Place { None, File, Directory };

struct Option {
  std::string_view path;  // "http.listen": its levels in a file, and with "--" before it a flag
  OptionField field;      // the type decides how a value is read
  std::string_view initial = {};  // as it would be written; lists: empty or one value
  std::span<const std::string_view> choices = {};       // of a text: one of these only
  Result<void> (*check)(const std::string&) = nullptr;  // of a text: is it well formed?
  std::uint64_t least = 0;                              // of a count, a size, milliseconds
  std::uint64_t most = UINT64_MAX;                      // of those as well
  std::string_view flag = {};                           // a short flag beside "--<path>"
  Place place = Place::None;                            // of a text
  bool is_secret = false;                               // is shown to nobody
  std::string_view text = {};                           // what it does, one sentence or two
};

std::span<const Option> option_table();
const Option* find_option(std::string_view path);  // null when there is none

bool is_list(const Option& option);    // takes any number of values
bool is_switch(const Option& option);  // true or false

// How a value is called where one has to be written: "DURATION", "FILE", "1.2|1.3"; "true|false" of
// a switch.
std::string value_name(const Option& option);

// What the option is, as it can be written; the entries of a list with ", " between them. "***" for
// a secret that is set.
std::string value_text(const Option& option, const Options& options);

// "ENTREPOT_HTTP_LISTEN".
std::string environment_name(const Option& option);

// A value on its way to an option, and where it stood.
struct Setting {
  const Option* option = nullptr;
  std::vector<std::string> values;  // one, unless is_list()
  std::string where;                // "entrepot.yml:3", "ENTREPOT_HTTP_LISTEN", "--listen"
  std::string_view key = {};        // what the option is called there; empty: its path
};

// The least length of http.secret. distribution takes any, so its configuration may set a shorter
// one, which then is mixed with a key that is kept.
inline constexpr std::size_t kLeastSecretBytes = 32;

// What the options are when nobody sets any.
Options initial_options();

// InvalidArgument with place, key, and what would be right; then `options` is unchanged.
Result<void> apply(const Setting& setting, Options& options);

// docs/reference/options.md.
std::string options_markdown();

}  // namespace entrepot::server
