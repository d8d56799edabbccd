#pragma once
// people/htpasswd.h — the lines of an htpasswd file.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace entrepot::people {

struct Htpasswd {
  struct Complaint {
    std::size_t line;  // from 1
    std::string name;  // of whom nobody signs in for it; "" when the line has none
    std::string_view why;
  };

  std::map<std::string, std::string, std::less<>> hashes;  // by name, as it is written there
  std::vector<Complaint> complaints;
};

// "name:$2y$…", a line each; empty ones, and those that begin with #, say nothing. As registry:2
// reads it: names are case-sensitive, of two lines for a name the last one counts, and only bcrypt
// does ($2y$, $2a$, $2b$). All other lines are complained about and count for nobody.
Htpasswd parse_htpasswd(std::string_view text);

}  // namespace entrepot::people
