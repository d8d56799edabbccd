// `entrepot login`, `logout` and `whoami`.
#include <fmt/core.h>

#include "cli/internal/verbs.h"
#include "cli/printed.h"
#include "crypto/hash.h"

namespace entrepot::cli {
namespace {

Result<Servers> own_servers() {
  const auto path = Servers::usual_path();
  if (!path) {
    return fail(ErrorCode::InvalidArgument,
                "there is no place to keep a sign-in: neither HOME nor XDG_CONFIG_HOME is set");
  }
  return Servers::load(*path);
}

Result<std::string> name_in(const std::string& body) {
  TRY_ASSIGN(const auto document, read_answer(body));
  const json::Value root = document.root();
  return Row{root}.text("name", "");
}

// "entrepot-5000=SECRET" of "entrepot-5000=SECRET; Path=/; HttpOnly".
std::string cookie_of(std::string_view set_cookie) {
  return std::string(set_cookie.substr(0, set_cookie.find(';')));
}

// A session where the server makes one of it; of a token, which is no password, the token itself.
Result<Server> sign_in(const std::string& url, const std::string& user,
                       const std::string& password) {
  const Server with_password{.url = url,
                             .user = "",
                             .header_name = "Authorization",
                             .header_value = "Basic " + crypto::to_base64(user + ":" + password)};
  TRY_ASSIGN(const auto api, Api::open(with_password));
  TRY_ASSIGN(const std::string me, api->ask("GET", "/me"));
  TRY_ASSIGN(const std::string name, name_in(me));
  TRY_ASSIGN(const auto begun, api->exchange("POST", "/sessions", {}));
  if (const auto cookie = begun.header("Set-Cookie"); begun.status == 201 && cookie) {
    return Server{url, name, "Cookie", cookie_of(*cookie)};
  }
  if (begun.status != 401) return Failure(error_of(begun, with_password));
  return Server{url, name, with_password.header_name, with_password.header_value};
}

// Ends the session there, where the sign-in is one. One that has ended already is none to end.
Result<void> end_session(const Server& server) {
  if (server.header_name != "Cookie") return {};
  TRY_ASSIGN(const auto api, Api::open(server));
  const auto ended = api->ask("DELETE", "/sessions/current");
  if (ended || ended.error().code == ErrorCode::Unauthenticated) return {};
  return Failure(ended.error());
}

void tell_left(const Result<void>& ended) {
  if (ended) return;
  fmt::print(stderr, "the server was not told: {}; the session ends by itself\n",
             ended.error().message);
}

// The one that is named, else the current one.
Result<Server> chosen(const Servers& servers, const Typed& typed) {
  const Server* server = servers.current();
  if (!typed.operands.empty()) {
    TRY_ASSIGN(const std::string url, server_url(typed.operands[0]));
    server = servers.find(url);
  }
  if (server != nullptr) return *server;
  return fail(ErrorCode::Unauthenticated, "you are not signed in{}",
              typed.operands.empty() ? " anywhere: entrepot login URL" : " there");
}

}  // namespace

Result<void> login(const Typed& typed) {
  if (typed.operands.empty()) {
    return fail(ErrorCode::InvalidArgument,
                "say where: entrepot login https://registry.example.com");
  }
  TRY_ASSIGN(const std::string url, server_url(typed.operands[0]));
  const auto user = typed.flag("username");
  if (!user) return fail(ErrorCode::InvalidArgument, "say as whom: -u NAME");
  TRY_ASSIGN(Servers servers, own_servers());
  if (!is_protected(url)) {
    fmt::print(stderr, "warning: {} has no TLS: whoever is on the way can read the password\n",
               url);
  }
  TRY_ASSIGN(const std::string password, typed_secret("Password"));
  TRY_ASSIGN(const Server server, sign_in(url, *user, password));
  const Server* known = servers.find(url);
  const auto before = known == nullptr ? std::nullopt : std::optional(*known);
  servers.add(server);
  if (auto saved = servers.save(); !saved) {
    tell_left(end_session(server));  // nobody could use it
    return saved;
  }
  fmt::print("signed in to {} as {}\n", server.url, server.user);
  if (before) tell_left(end_session(*before));
  return {};
}

Result<void> logout(const Typed& typed) {
  TRY_ASSIGN(Servers servers, own_servers());
  TRY_ASSIGN(const Server server, chosen(servers, typed));
  servers.remove(server.url);
  TRY(servers.save());
  fmt::print("signed out of {}\n", server.url);
  tell_left(end_session(server));
  return {};
}

Result<void> whoami(const Typed& typed) {
  TRY_ASSIGN(const Servers servers, own_servers());
  TRY_ASSIGN(const Server server, chosen(servers, typed));
  TRY_ASSIGN(const auto api, Api::open(server));
  TRY_ASSIGN(const std::string me, api->ask("GET", "/me"));
  TRY_ASSIGN(const std::string name, name_in(me));
  if (name != server.user) {
    return fail(ErrorCode::Unauthenticated, "the sign-in at {} has ended: entrepot login {}",
                server.url, server.url);
  }
  if (typed.has("json")) return print_answer(me);
  fmt::print("{} at {}\n", name, server.url);
  return {};
}

}  // namespace entrepot::cli
