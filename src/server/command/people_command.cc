#include "server/command/people_command.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/core.h>

#include "cli/run.h"
#include "cli/verb_words.h"
#include "server/command/beside_server.h"
#include "server/host/privileges.h"
#include "server/run/opened_stores.h"
#include "server/run/probe.h"

namespace entrepot::server {
namespace {

constexpr std::chrono::seconds kPatience{5};

// What was typed, for a server.
Result<cli::Typed> typed_of(const Arguments& arguments) {
  cli::Typed typed{std::string(arguments.command->name), arguments.operands, {}};
  for (const std::string_view name : arguments.switches) typed.flags.emplace(name, "");
  for (const auto& [name, value] : arguments.values) typed.flags.emplace(name, value);
  if (arguments.value("expires")) {
    TRY_ASSIGN(const auto at, expiry_of(arguments, "never"));
    typed.flags["expires"] = at ? to_rfc3339(*at) : "never";
  }
  for (const std::string_view flag : {"since", "until"}) {
    if (const auto time = audit_time(arguments, flag)) typed.flags[std::string(flag)] = *time;
  }
  return typed;
}

bool names_directory(const Arguments& arguments) {
  const auto& settings = arguments.settings;
  return std::any_of(settings.begin(), settings.end(),
                     [](const Setting& setting) { return setting.option->path == "data"; });
}

// Where the verb is meant to be done; nullopt: in a directory.
Result<std::optional<cli::Server>> meant_server(const Arguments& arguments,
                                                const cli::Typed& typed) {
  const bool by_flag = typed.has("server");
  if (names_directory(arguments)) {
    if (by_flag) return fail(ErrorCode::InvalidArgument, "say --data or --server, not both");
    return std::optional<cli::Server>();
  }
  if (!by_flag && std::getenv("ENTREPOT_DATA") != nullptr) return std::optional<cli::Server>();
  return cli::meant_server(typed);
}

std::string only_of_directory(const Arguments& arguments, const Verb& verb) {
  return fmt::format("{0} {1} works on a data directory alone: entrepot {0} {1} --data DIR",
                     arguments.command->name, verb.words);
}

int run_in_directory(const Arguments& arguments, const Verb& verb, bool is_for_servers_too) {
  const auto directory = PeopleOfDirectory::open(arguments);
  if (!directory) {
    Error error = directory.error();
    if (error.code == ErrorCode::NotFound && !names_directory(arguments)) {
      error.message += is_for_servers_too ? "; or sign in to a server: entrepot login URL -u NAME"
                                          : fmt::format("; {}", only_of_directory(arguments, verb));
    }
    return tell_failure(error);
  }
  const auto operands = std::span(arguments.operands).subspan(cli::words_of(verb.words).size());
  const auto done = verb.run(**directory, arguments, operands);
  if (!done) return tell_by_code(done.error());
  if (verb.changes) (*directory)->tell_server();
  return 0;
}

int tell_usage(const Arguments& arguments, std::span<const Verb> verbs) {
  fmt::print(stderr, "entrepot: {}: say one of these:\n", arguments.command->name);
  for (const std::string& verb : said(verbs)) {
    fmt::print(stderr, "  entrepot {} {}\n", arguments.command->name, verb);
  }
  return kNotUnderstood;
}

}  // namespace

struct PeopleOfDirectory::Parts {
  explicit Parts(std::string the_data) : data(std::move(the_data)) {}

  const std::string data;
  std::string external_url;
  Context context{"command"};
  metrics::Registry metrics;
  std::unique_ptr<meta::Store> beside;  // a server has the directory
  std::unique_ptr<OpenedStores> alone;
  std::optional<people::People> people;
  people::Author by = people::Author::machine({events::ActorKind::System, "command"});

  meta::Store& store() { return beside ? *beside : alone->stores().meta; }
};

PeopleOfDirectory::PeopleOfDirectory(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
PeopleOfDirectory::~PeopleOfDirectory() = default;

Result<std::unique_ptr<PeopleOfDirectory>> PeopleOfDirectory::open(const Arguments& arguments) {
  TRY_ASSIGN(const Configuration configuration, configure(arguments, std::nullopt));
  const Options& options = configuration.options;
  TRY(require_registry(options));
  TRY(become_owner(options.user, options.data));
  auto parts = std::make_unique<Parts>(options.data);
  parts->external_url = options.http_host;
  if (is_served(options.data)) {
    TRY_ASSIGN(parts->beside, open_beside_server(options));
  } else {
    TRY_ASSIGN(auto directory, DataDirectory::open(options.data));
    TRY_ASSIGN(parts->alone, OpenedStores::open(parts->context, std::move(directory),
                                                parts->metrics, Clock::system()));
  }
  parts->people.emplace(parts->store(), Clock::system());
  return std::unique_ptr<PeopleOfDirectory>(new PeopleOfDirectory(std::move(parts)));
}

Context& PeopleOfDirectory::context() { return parts_->context; }
meta::Store& PeopleOfDirectory::store() { return parts_->store(); }
people::People& PeopleOfDirectory::people() { return *parts_->people; }
const people::Author& PeopleOfDirectory::by() const { return parts_->by; }
const std::string& PeopleOfDirectory::external_url() const { return parts_->external_url; }

void PeopleOfDirectory::tell_server() {
  if (!parts_->beside) return;
  const auto name = probe_name(parts_->data);
  if (name) static_cast<void>(ask_probe(*name, kRightsPath, kPatience));
}

std::vector<std::string> said(std::span<const Verb> verbs) {
  std::vector<std::string> lines;
  for (const Verb& verb : verbs) {
    lines.push_back(fmt::format("{}{}{}", verb.words, verb.names.empty() ? "" : " ", verb.names));
  }
  return lines;
}

int run_verb(const Arguments& arguments, std::span<const Verb> verbs) {
  const auto found = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& verb) {
    return cli::are_said(verb.words, verb.names, arguments.operands);
  });
  if (found == verbs.end()) return tell_usage(arguments, verbs);
  const auto typed = typed_of(arguments);
  if (!typed) return tell_by_code(typed.error());
  const auto server = meant_server(arguments, *typed);
  if (!server) return tell_by_code(server.error());
  const bool is_for_servers = cli::knows(*typed);
  if (typed->has("server") && !is_for_servers) {
    return tell_by_code({ErrorCode::InvalidArgument, only_of_directory(arguments, *found)});
  }
  if (!*server || !is_for_servers) return run_in_directory(arguments, *found, is_for_servers);
  // Who signed in weeks ago may have meant the directory here.
  if (found->changes) fmt::print(stderr, "at {}:\n", (*server)->url);
  const auto done = cli::run(*typed, **server);
  return done ? 0 : tell_by_code(done.error());
}

std::optional<std::string> audit_time(const Arguments& arguments, std::string_view flag) {
  auto text = arguments.value(flag);
  if (!text || (flag != "since" && flag != "until")) return text;
  if (const auto ago = parse_duration(*text)) text = to_rfc3339(Clock::system().wall() - *ago);
  return text;
}

Result<std::optional<WallTime>> expiry_of(const Arguments& arguments,
                                          std::string_view when_absent) {
  const std::string text = arguments.value("expires").value_or(std::string(when_absent));
  if (text == "never") return std::optional<WallTime>();
  const auto life = parse_duration(text);
  if (!life || life->count() <= 0) {
    return fail(ErrorCode::InvalidArgument,
                "--expires: \"{}\" is neither a time such as 30d or 12h nor never", text);
  }
  return std::optional<WallTime>(Clock::system().wall() + *life);
}

}  // namespace entrepot::server
