// `entrepot grant`, `robot`, `token` and `access` at a server.
#include <algorithm>

#include <fmt/core.h>

#include "cli/internal/verbs.h"
#include "cli/printed.h"

namespace entrepot::cli {
namespace {

constexpr std::chrono::hours kYear{24 * 365};
constexpr std::chrono::hours kNever{0};

Result<void> grant_create(Api& api, const Typed& typed, Operands operands) {
  const auto to = typed.flag("to");
  if (!to) {
    return fail(ErrorCode::InvalidArgument,
                "say to whom: --to user:NAME, team:ORGANISATION/NAME, robot:NAMESPACE/NAME or "
                "anonymous");
  }
  std::string body;
  json::Writer writer(body);
  writer.begin_object()
      .member("to", *to)
      .member("role", typed.flag("role").value_or(""))
      .member("pattern", operands[0]);
  put_expiry(writer, typed, kNever);
  if (const auto network = typed.flag("network")) {
    writer.key("networks").begin_array().value(*network).end_array();
  }
  writer.end_object();
  TRY_ASSIGN(const std::string answer, api.ask("POST", "/grants", std::move(body)));
  TRY_ASSIGN(const auto document, read_answer(answer));
  const json::Value root = document.root();
  const Row row{root};
  TRY_ASSIGN(const std::int64_t id, row.number("id"));
  TRY_ASSIGN(const std::string role, row.text("role"));
  TRY_ASSIGN(const std::string pattern, row.text("pattern"));
  fmt::print("grant {}: {} {} {}\n", id, *to, role, pattern);
  return {};
}

Result<void> grant_remove(Api& api, const Typed&, Operands operands) {
  TRY(api.ask("DELETE", "/grants/" + escaped(operands[0])));
  fmt::print("grant {} is gone\n", operands[0]);
  return {};
}

// `--in acme`: of this namespace.
std::string within(std::string path, const Typed& typed) {
  if (const auto name = typed.flag("in")) path += "?namespace=" + escaped(*name);
  return path;
}

Result<void> grant_list(Api& api, const Typed& typed, Operands) {
  return print_list(api, typed, within("/grants", typed), grant_columns());
}

Result<void> robot_create(Api& api, const Typed& typed, Operands operands) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("name", operands[0]);
  if (const auto grant = typed.flag("grant")) {
    const std::size_t colon = grant->rfind(':');
    if (colon == std::string::npos) {
      return fail(ErrorCode::InvalidArgument, "--grant: \"{}\" is not like 'acme/*:write'", *grant);
    }
    writer.key("grants").begin_array().begin_object();
    writer.member("pattern", grant->substr(0, colon)).member("role", grant->substr(colon + 1));
    writer.end_object().end_array();
  }
  put_expiry(writer, typed, kYear);
  writer.end_object();
  TRY_ASSIGN(const std::string answer, api.ask("POST", "/robots", std::move(body)));
  return print_made_secret(answer, "secret_id", typed);
}

Result<void> robot_list(Api& api, const Typed& typed, Operands) {
  return print_list(api, typed, within("/robots", typed), robot_columns());
}

Result<void> robot_delete(Api& api, const Typed&, Operands operands) {
  const std::size_t slash = operands[0].find('/');
  if (slash == std::string::npos) {
    return fail(ErrorCode::InvalidArgument, "\"{}\": a robot is called NAMESPACE/NAME",
                operands[0]);
  }
  TRY(api.ask("DELETE", fmt::format("/robots/{}/{}", escaped(operands[0].substr(0, slash)),
                                    escaped(operands[0].substr(slash + 1)))));
  fmt::print("{} is deleted; the name stays taken\n", operands[0]);
  return {};
}

// One's own, or those of --owner.
std::string tokens_path(const Typed& typed) {
  const auto owner = typed.flag("owner");
  return (owner ? "/users/" + escaped(*owner) : "/me") + "/tokens";
}

Result<void> token_create(Api& api, const Typed& typed, Operands operands) {
  if (const auto owner = typed.flag("owner"); owner && *owner != api.server().user) {
    return fail(ErrorCode::Denied, "{} alone makes tokens of {}", *owner, *owner);
  }
  const auto scope = typed.flag("scope");
  const auto repository = typed.flag("repo");
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("name", operands[0]).key("scope");
  if (!scope) {
    writer.null();
  } else {
    writer.begin_array();
    for (std::string_view rest = *scope; !rest.empty();) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      writer.value(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    writer.end_array();
  }
  if (repository) writer.key("repositories").begin_array().value(*repository).end_array();
  put_expiry(writer, typed, kYear);
  writer.end_object();
  TRY_ASSIGN(const std::string answer, api.ask("POST", "/me/tokens", std::move(body)));
  return print_made_secret(answer, "id", typed);
}

Result<void> token_list(Api& api, const Typed& typed, Operands) {
  return print_list(api, typed, tokens_path(typed), token_columns());
}

Result<void> token_revoke(Api& api, const Typed& typed, Operands operands) {
  TRY(api.ask("DELETE", tokens_path(typed) + "/" + escaped(operands[0])));
  fmt::print("token {} is revoked\n", operands[0]);
  return {};
}

Result<void> access_explain(Api& api, const Typed& typed, Operands operands) {
  std::string path = "/access/explain?repository=" + escaped(operands[0]) +
                     "&do=" + escaped(typed.flag("do").value_or("pull"));
  if (const auto as = typed.flag("as")) path += "&as=" + escaped(*as);
  TRY_ASSIGN(const std::string answer, api.ask("GET", path));
  if (typed.has("json")) return print_answer(answer);
  TRY_ASSIGN(const auto document, read_answer(answer));
  const json::Value root = document.root();
  TRY_ASSIGN(const bool allowed, Row{root}.truth("allowed"));
  TRY_ASSIGN(const std::string reason, Row{root}.text("reason"));
  fmt::print("{}: {}\n", allowed ? "allowed" : "denied", reason);
  return {};
}

constexpr Verb kVerbs[] = {
    {"grant", "create", "PATTERN", grant_create},
    {"grant", "remove", "ID", grant_remove},
    {"grant", "list", "", grant_list},
    {"robot", "create", "NAMESPACE/NAME", robot_create},
    {"robot", "list", "", robot_list},
    {"robot", "delete", "NAMESPACE/NAME", robot_delete},
    {"token", "create", "NAME", token_create},
    {"token", "list", "", token_list},
    {"token", "revoke", "ID", token_revoke},
    {"access", "explain", "REPOSITORY", access_explain},
};

}  // namespace

std::span<const Verb> rights_verbs() { return kVerbs; }

}  // namespace entrepot::cli
