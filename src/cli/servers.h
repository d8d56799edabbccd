#pragma once
// cli/servers.h — who is signed in where.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace entrepot::cli {

// One sign-in. What is secret of it is one header line, sent with each request to that server and
// to no other.
struct Server {
  std::string url;           // "https://registry.example.com": no slash at the end
  std::string user;          // "admin", "acme/ci"
  std::string header_name;   // "Cookie", "Authorization"
  std::string header_value;  // secret
};

// "localhost:5000" → "http://localhost:5000", "registry.example.com/" →
// "https://registry.example.com". InvalidArgument for what is no address of a server.
Result<std::string> server_url(std::string_view typed);

// Does what is sent there stay between the two: by TLS, or because it does not leave this machine?
bool is_protected(std::string_view url);

// The file `servers.json` of one user of this machine, in $XDG_CONFIG_HOME/entrepot or
// ~/.config/entrepot; it and its folder are for their owner alone. Two commands that sign in at
// the same moment: the later one's file stays.
class Servers {
 public:
  // Without the file nobody is signed in anywhere. Corrupt when it is not ours.
  static Result<Servers> load(std::string path);
  // Where the file is; nullopt for a user without a home.
  static std::optional<std::string> usual_path();

  // The one that was signed in to last; nullptr: none.
  const Server* current() const;
  const Server* find(std::string_view url) const;

  // Becomes the current one, instead of an older sign-in there.
  void add(Server server);
  void remove(std::string_view url);

  // Durable when it returns.
  Result<void> save() const;

 private:
  explicit Servers(std::string path) : path_(std::move(path)) {}

  std::string path_;
  std::vector<Server> servers_;  // the current one last
};

}  // namespace entrepot::cli
