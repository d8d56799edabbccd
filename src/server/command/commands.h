#pragma once
// server/command/commands.h — what each command of the program does. Each returns its exit code: 0,
// or 1 after telling on standard error what went wrong, unless it says otherwise.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/configure/command_line.h"
#include "server/configure/configuration.h"

namespace entrepot::server {

int run_serve(const Arguments& arguments);
// 0: the server would start.
int run_check(const Arguments& arguments);
int run_gc(const Arguments& arguments);  // also garbage-collect
int run_backup(const Arguments& arguments);
// 0: all is well. 3: mended. 4: something damaged is left. 1: it could not look.
int run_fsck(const Arguments& arguments);
// 0: the server lives (with --ready: serves). Never long, whatever the server does.
int run_health(const Arguments& arguments);
// These, to run_audit(): as tell_by_code() has it. What a directory lacks as a whole is 1.
int run_login(const Arguments& arguments);
int run_logout(const Arguments& arguments);
int run_whoami(const Arguments& arguments);
int run_user(const Arguments& arguments);
int run_org(const Arguments& arguments);
int run_team(const Arguments& arguments);
int run_repo(const Arguments& arguments);
int run_grant(const Arguments& arguments);
int run_robot(const Arguments& arguments);
int run_token(const Arguments& arguments);
int run_access(const Arguments& arguments);
int run_audit(const Arguments& arguments);
int run_keys(const Arguments& arguments);

// Command::verbs of each.
std::vector<std::string> user_verbs();
std::vector<std::string> org_verbs();
std::vector<std::string> team_verbs();
std::vector<std::string> repo_verbs();
std::vector<std::string> grant_verbs();
std::vector<std::string> robot_verbs();
std::vector<std::string> token_verbs();
std::vector<std::string> access_verbs();
std::vector<std::string> keys_verbs();
std::vector<std::string> audit_verbs();

int run_import(const Arguments& arguments);
int run_export(const Arguments& arguments);

// `entrepot: <message>` on standard error; returns 1.
int tell_failure(const Error& error);
// The same of what is done for somebody, at a server or in a directory; returns what a script can
// tell apart: kNotUnderstood for InvalidArgument, kNotThere for NotFound, kRefused for
// Unauthenticated and Denied, else 1.
int tell_by_code(const Error& error);
inline constexpr int kNotUnderstood = 2, kNotThere = 3, kRefused = 4;

// The configuration from `file`, the environment and flags.
Result<Configuration> read_configuration(const Arguments& arguments,
                                         std::optional<std::string> file);

// The same; the log is set up by it, and the
// warnings are in the log.
Result<Configuration> configure(const Arguments& arguments, std::optional<std::string> file);

// The first operand, where there is one.
std::optional<std::string> first_operand(const Arguments& arguments);

}  // namespace entrepot::server
