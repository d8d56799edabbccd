#include "cli/run.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/core.h>

#include "cli/internal/verbs.h"
#include "cli/verb_words.h"

namespace entrepot::cli {
namespace {

const Verb* find_verb(const Typed& typed) {
  for (const auto verbs : {people_verbs(), repo_verbs(), rights_verbs(), audit_verbs()}) {
    const auto found = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& verb) {
      return verb.command == typed.command && are_said(verb.words, verb.names, typed.operands);
    });
    if (found != verbs.end()) return &*found;
  }
  return nullptr;
}

}  // namespace

bool knows(const Typed& typed) { return find_verb(typed) != nullptr; }

Result<void> run(const Typed& typed, const Server& server) {
  const Verb* verb = find_verb(typed);
  if (verb == nullptr) {
    return fail(ErrorCode::InvalidArgument, "{}: no server is asked for that", typed.command);
  }
  TRY_ASSIGN(const auto api, Api::open(server));
  return verb->run(*api, typed, std::span(typed.operands).subspan(words_of(verb->words).size()));
}

Result<std::optional<Server>> meant_server(const Typed& typed) {
  auto named = typed.flag("server");
  if (const char* variable = std::getenv("ENTREPOT_SERVER");
      !named && variable != nullptr && *variable != '\0') {
    named = variable;
  }
  const auto path = Servers::usual_path();
  if (!path && !named) return std::optional<Server>();
  std::optional<Servers> servers;
  if (path) {
    TRY_ASSIGN(servers, Servers::load(*path));
  }
  if (!named) {
    const Server* current = servers->current();
    return current == nullptr ? std::nullopt : std::optional(*current);
  }
  TRY_ASSIGN(const std::string url, server_url(*named));
  if (const Server* known = servers ? servers->find(url) : nullptr) return std::optional(*known);
  return fail(ErrorCode::Unauthenticated, "sign in first: entrepot login {}", url);
}

}  // namespace entrepot::cli
