#include "server/command/program.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

#include <fmt/core.h>

#include "server/command/commands.h"
#include "server/command/completion.h"
#include "server/command/manual.h"
#include "server/configure/command_line.h"
#include "server/registry2/registry2.h"

namespace entrepot::server {
namespace {

int run_options(const Arguments& arguments) {
  const bool registry2 = arguments.has("registry2");
  if (arguments.has("markdown")) {
    fmt::print("{}", registry2 ? registry2_markdown() : options_markdown());
  } else if (registry2) {
    for (const Registry2Key& key : registry2_keys()) {
      fmt::print("{}  {}\n    {}\n", key.path, name_of(key.key_class),
                 key.why.empty() ? key.option : key.why);
    }
  } else {
    for (const Option& option : option_table()) {
      fmt::print("{}  {}\n    {}\n", option.path, option.initial, option.text);
    }
  }
  return 0;
}

int run_version(const Arguments&) {
  fmt::print("entrepot {}\n", ENTREPOT_VERSION);
  return 0;
}

int run_manual(const Arguments& arguments) {
  fmt::print("{}", arguments.has("markdown") ? commands_markdown(command_table())
                                             : manual(command_table(), ENTREPOT_VERSION));
  return 0;
}

int run_completion(const Arguments& arguments) {
  const auto script = completion(first_operand(arguments).value_or(""), command_table());
  if (!script) {
    tell_failure(script.error());
    return kNotUnderstood;
  }
  fmt::print("{}", *script);
  return 0;
}

constexpr Flag kOptionsFlags[] = {{"markdown", 0, "as the reference page"},
                                  {"registry2", 0, "distribution's keys and what becomes of them"}};

constexpr Flag kManualFlags[] = {{"markdown", 0, "its commands, as the reference page"}};

constexpr Flag kGcFlags[] = {
    {"dry-run", 'd', "say what would go, change nothing"},
    {"delete-untagged", 'm', "first delete manifests that no tag leads to"},
    {"quiet", 'q', "say nothing unless it fails"},
    {"pause", 0, "the server's collector rests until --resume, over restarts, too"},
    {"resume", 0, "the server's collector goes on"}};

constexpr Flag kHealthFlags[] = {{"ready", 0, "whether it serves; else whether it lives"}};

constexpr Flag kFsckFlags[] = {
    {"repair", 0, "make anew what can be: rows from their bytes, marks that are wrong"},
    {"quiet", 'q', "say nothing unless it fails"}};

constexpr Flag kCheckFlags[] = {{"all", 0, "every option, those that have their default, too"}};

// What commands beside a server go by: where the data is, and what they log.
constexpr std::string_view kDataOptions[] = {"data", "user", "log.level", "log.format"};
constexpr std::string_view kUserOptions[] = {"data", "user", "http.host", "log.level",
                                             "log.format"};
constexpr std::string_view kGcOptions[] = {"data", "user", "collect.delay", "log.level",
                                           "log.format"};
constexpr std::string_view kBackupOptions[] = {"data", "user", "backup.keep", "log.level",
                                               "log.format"};
constexpr std::string_view kHealthOptions[] = {"data"};

constexpr Flag kBackupFlags[] = {
    {"to", 0, "a new file, outside the data directory, that the data's owner may write", "FILE"}};

// Of commands that a data directory or a server is asked for.
constexpr Flag kServerFlag = {"server", 0, "ask this server, where `entrepot login` signed in",
                              "URL"};
constexpr Flag kJsonFlag = {"json", 0, "what is listed, shown or made as one JSON document"};
constexpr Flag kInFlag = {"in", 0, "list: those of this namespace", "NAME"};

constexpr Flag kLoginFlags[] = {
    {"username", 'u', "who signs in: a user, or a robot such as acme/ci", "NAME"},
    {"password-stdin", 0, "takes the password from standard input, as it does without a terminal"}};
constexpr Flag kUserFlags[] = {
    {"password-stdin", 0, "takes the password from standard input, as it does without a terminal"},
    {"admin", 0, "create: a system admin"},
    {"invite", 0, "create: without a password; prints a link by which they set their own"},
    kJsonFlag,
    kServerFlag};
constexpr Flag kOrgFlags[] = {
    {"claim", 0, "create: take over the repositories that lie below the name"},
    {"visibility", 0, "create: what new repositories are: public, internal, private", "WORD"},
    {"base", 0, "create: what members may do in its repositories: none, read, write", "ROLE"},
    {"role", 0, "member add: member, editor or owner", "ROLE"},
    kJsonFlag,
    kServerFlag};
constexpr Flag kTeamFlags[] = {kJsonFlag, kServerFlag};
constexpr Flag kRepoFlags[] = {
    {"visibility", 0, "create: public, internal or private", "WORD"},
    {"seen", 0,
     "readme set, remove: only if it was changed last then, as `readme show --json` tells it; "
     "none: if there is none",
     "TIME"},
    kJsonFlag,
    kServerFlag};
constexpr Flag kGrantFlags[] = {
    {"to", 0, "user:NAME, team:ORGANISATION/NAME, robot:NAMESPACE/NAME or anonymous", "WHOM"},
    {"role", 0, "read, write, maintain or admin", "ROLE"},
    {"expires", 0, "when it ends: 30d, never", "TIME"},
    {"network", 0, "where it counts: 10.0.0.0/8", "NETWORK"},
    kJsonFlag,
    kInFlag,
    kServerFlag};
constexpr Flag kRobotFlags[] = {{"grant", 0, "what it may do: 'acme/*:write'", "PATTERN:ROLE"},
                                {"expires", 0, "when its secret ends: 30d, never", "TIME"},
                                kJsonFlag,
                                kInFlag,
                                kServerFlag};
constexpr Flag kTokenFlags[] = {
    {"owner", 0, "whose token it is; at a server your own by default", "NAME"},
    {"scope", 0, "what it allows at most: pull,push,delete", "WORDS"},
    {"repo", 0, "where: 'acme/*'", "PATTERN"},
    {"expires", 0, "when it ends: 30d, never", "TIME"},
    kJsonFlag,
    kServerFlag};
constexpr Flag kAccessFlags[] = {{"as", 0, "who; else anonymous, at a server yourself", "NAME"},
                                 {"do", 0, "pull, push, tag, delete and so on", "ACTION"},
                                 kJsonFlag,
                                 kServerFlag};
constexpr Flag kKeysFlags[] = {
    {"end-former", 0, "the tokens that were given so far end as well, within a minute"}};
constexpr Flag kAuditFlags[] = {
    {"who", 0, "what this one did", "NAME"},
    {"what", 0, "grant.created, tag.deleted and so on, or the part in front of the dot", "WHAT"},
    {"repository", 0, "what was done to it", "NAME"},
    {"namespace", 0, "what concerns this user or organisation", "NAME"},
    {"since", 0, "from a day or time on (2026-11-27), or the last 7d", "TIME"},
    {"until", 0, "to a day or time", "TIME"},
    {"limit", 0, "at most so many; list 50 when it is not said, export all", "NUMBER"},
    {"head", 0, "verify: a head that it printed before, which has to be in the chain", "DIGEST"},
    kJsonFlag,
    kServerFlag};
constexpr Flag kWhoamiFlags[] = {kJsonFlag};

constexpr std::string_view kAtServer =
    "With --data it works in that data directory, whoever you are to the server: beside a running\n"
    "server or without one. Else it asks the server where `entrepot login` signed in last, or\n"
    "--server, or ENTREPOT_SERVER, for what you may do there.\n";

constexpr std::string_view kAtServerOfAudit =
    "`list` prints a table, `export` one line of JSON for each record; newest first. With --data\n"
    "they look into that data directory; else they ask the server where `entrepot login` signed "
    "in\n"
    "last, or --server, or ENTREPOT_SERVER: all of it for system admins and auditors, with\n"
    "--namespace for that namespace's owners. `verify` is of the data directory alone.\n";

constexpr Command kCommands[] = {
    {.name = "serve",
     .operands = "[FILE]",
     .max_operands = 1,
     .text = "Run the registry, with the configuration in FILE or none.",
     .takes_options = true,
     .run = run_serve},
    {.name = "check",
     .operands = "[FILE]",
     .max_operands = 1,
     .text = "Say what a configuration means, and whether `serve` would start with it.",
     .more =
         "Takes what `serve` takes, and starts, makes and changes nothing. First each option that "
         "is\n"
         "set, with its value and where it was set; then what was looked at, one line each: `ok`,\n"
         "`warning`, or `error` for what would stop the start. 0: it would start.\n",
     .flags = kCheckFlags,
     .takes_options = true,
     .run = run_check},
    {.name = "gc",
     .operands = "[FILE]",
     .max_operands = 1,
     .text = "Remove blobs that nothing uses: asks the running server, or does it itself.",
     .more =
         "A running server keeps a blob for collect.delay after its last use, because it may "
         "belong to\n"
         "a push that goes on; --collect.delay 0s does not wait. Without a server nothing waits.\n",
     .flags = kGcFlags,
     .takes_options = true,
     .options = kGcOptions,
     .run = run_gc},
    {.name = "garbage-collect",
     .operands = "FILE",
     .max_operands = 1,
     .text = "The same, by the name that distribution's registry gave it.",
     .flags = kGcFlags,
     .takes_options = true,
     .options = kGcOptions,
     .run = run_gc},
    {.name = "fsck",
     .operands = "[FILE]",
     .max_operands = 1,
     .text =
         "Read all that is at rest, set aside what is damaged, name the tags that miss something.",
     .flags = kFsckFlags,
     .takes_options = true,
     .options = kDataOptions,
     .run = run_fsck},
    {.name = "backup",
     .operands = "[FILE]",
     .max_operands = 1,
     .text = "Back up the metadata now, beside the running server or without one.",
     .more =
         "A backup is one file: every name, tag and manifest, and which repository has which "
         "layer.\n"
         "The bytes of layers and configs are not in it; copy the directory `docker` for them, "
         "after\n"
         "the backup. It is read again before it has its name, and is durable when this returns.\n"
         "Without --to it goes to entrepot/backups in the data directory, where backup.keep stay.\n"
         "To restore: stop the server, put entrepot/meta.db, meta.db-wal and meta.db-shm aside, "
         "copy\n"
         "the backup to entrepot/meta.db, and start the server.\n",
     .flags = kBackupFlags,
     .takes_options = true,
     .options = kBackupOptions,
     .run = run_backup},
    {.name = "health",
     .text = "Ask the server that runs here whether it lives: 0, else 1. For probes.",
     .flags = kHealthFlags,
     .takes_options = true,
     .options = kHealthOptions,
     .run = run_health},
    {.name = "login",
     .operands = "URL",
     .max_operands = 1,
     .text = "Sign in to a server, for the commands below.",
     .more = "The password is kept nowhere: what is kept is a session of 14 days, or the token or "
             "robot's\n"
             "secret that was given instead of a password, in a file of your own\n"
             "(~/.config/entrepot/servers.json). Registry clients sign in by themselves: docker "
             "login.\n",
     .flags = kLoginFlags,
     .run = run_login},
    {.name = "logout",
     .operands = "[URL]",
     .max_operands = 1,
     .text = "Sign out, of the server that was signed in to last or of this one.",
     .run = run_logout},
    {.name = "whoami",
     .operands = "[URL]",
     .max_operands = 1,
     .text = "Say who is signed in, and where.",
     .flags = kWhoamiFlags,
     .run = run_whoami},
    {.name = "user",
     .operands = "create|invite|password|list|disable|enable|role|delete",
     .max_operands = 4,
     .text = "People: make and list accounts, set passwords, switch accounts off and on.",
     .more = kAtServer,
     .flags = kUserFlags,
     .takes_options = true,
     .options = kUserOptions,
     .run = run_user,
     .verbs = user_verbs},
    {.name = "org",
     .operands = "create|list|delete|member|team",
     .max_operands = 5,
     .text = "Organisations and their members; `org team` is `team`, with ORGANISATION TEAM.",
     .more = kAtServer,
     .flags = kOrgFlags,
     .takes_options = true,
     .options = kDataOptions,
     .run = run_org,
     .verbs = org_verbs},
    {.name = "team",
     .operands = "create|delete|list|member",
     .max_operands = 4,
     .text = "Teams of organisations, such as acme/web, and who is in them.",
     .more = kAtServer,
     .flags = kTeamFlags,
     .takes_options = true,
     .options = kDataOptions,
     .run = run_team,
     .verbs = team_verbs},
    {.name = "repo",
     .operands = "create|visibility|describe|archive|unarchive|list|readme",
     .max_operands = 4,
     .text = "Repositories: make them, say who may see them, describe them, archive them.",
     .more = kAtServer,
     .flags = kRepoFlags,
     .takes_options = true,
     .options = kDataOptions,
     .run = run_repo,
     .verbs = repo_verbs},
    {.name = "grant",
     .operands = "create|remove|list",
     .max_operands = 2,
     .text = "Who may do what in which repositories.",
     .more = kAtServer,
     .flags = kGrantFlags,
     .takes_options = true,
     .options = kDataOptions,
     .run = run_grant,
     .verbs = grant_verbs},
    {.name = "robot",
     .operands = "create|list|delete",
     .max_operands = 2,
     .text = "Machine accounts, with a secret that is shown once.",
     .more = kAtServer,
     .flags = kRobotFlags,
     .takes_options = true,
     .options = kDataOptions,
     .run = run_robot,
     .verbs = robot_verbs},
    {.name = "token",
     .operands = "create|list|revoke",
     .max_operands = 2,
     .text = "Access tokens: for a person's scripts and registry clients.",
     .more = kAtServer,
     .flags = kTokenFlags,
     .takes_options = true,
     .options = kDataOptions,
     .run = run_token,
     .verbs = token_verbs},
    {.name = "access",
     .operands = "explain",
     .max_operands = 2,
     .text = "Why somebody may do something, or may not.",
     .more = kAtServer,
     .flags = kAccessFlags,
     .takes_options = true,
     .options = kDataOptions,
     .run = run_access,
     .verbs = access_verbs},
    {.name = "keys",
     .operands = "rotate|list",
     .max_operands = 1,
     .text = "The keys that sign registry tokens; a new one is made every 90 days by itself.",
     .flags = kKeysFlags,
     .takes_options = true,
     .options = kDataOptions,
     .run = run_keys,
     .verbs = keys_verbs},
    {.name = "audit",
     .operands = "list|export|verify",
     .max_operands = 1,
     .text = "Who did what, when and from where; and the proof that nobody changed the record.",
     .more = kAtServerOfAudit,
     .flags = kAuditFlags,
     .takes_options = true,
     .options = kDataOptions,
     .run = run_audit,
     .verbs = audit_verbs},
    {.name = "import",
     .operands = "[FILE]",
     .max_operands = 1,
     .text = "Take over a distribution registry's directory (`serve` does so by itself).",
     .takes_options = true,
     .options = kDataOptions,
     .run = run_import},
    {.name = "export",
     .operands = "[DIR]",
     .max_operands = 1,
     .text = "Write a distribution registry's index into DIR, or into the data directory.",
     .takes_options = true,
     .options = kDataOptions,
     .run = run_export},
    {.name = "options",
     .text = "List every option with its default.",
     .flags = kOptionsFlags,
     .run = run_options},
    {.name = "manual",
     .text = "Print this program's manual page, for man.",
     .flags = kManualFlags,
     .run = run_manual},
    {.name = "completion",
     .operands = "bash|zsh|fish",
     .max_operands = 1,
     .text = "Print what completes these words in that shell.",
     .run = run_completion},
    {.name = "version", .text = "Say which version this is.", .run = run_version},
};

// In registry:2's image the program's name may stand first, and a configuration file alone means to
// serve.
std::vector<std::string> as_typed_for_registry2(std::span<const std::string> words) {
  std::vector<std::string> out(words.begin(), words.end());
  constexpr std::string_view kNames[] = {"registry", "/bin/registry", "entrepot",
                                         "/usr/bin/entrepot"};
  if (!out.empty() &&
      std::find(std::begin(kNames), std::end(kNames), out.front()) != std::end(kNames)) {
    out.erase(out.begin());
  }
  if (!out.empty() && (out.front().ends_with(".yml") || out.front().ends_with(".yaml"))) {
    out.insert(out.begin(), "serve");
  }
  return out;
}

}  // namespace

std::span<const Command> command_table() { return kCommands; }

int run_program(std::span<const std::string> words) {
  auto arguments = parse_command_line(kCommands, as_typed_for_registry2(words));
  if (!arguments) {
    fmt::print(stderr, "entrepot: {}\n", arguments.error().message);
    return kNotUnderstood;
  }
  if (arguments->help) {
    fmt::print("{}", arguments->command == nullptr ? help(kCommands) : help(*arguments->command));
    return 0;
  }
  return arguments->command->run(*arguments);
}

}  // namespace entrepot::server
