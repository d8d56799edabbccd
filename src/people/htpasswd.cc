#include "people/htpasswd.h"

#include <algorithm>

#include "crypto/password.h"

namespace entrepot::people {
namespace {

constexpr std::size_t kMostNameBytes = 128;

bool is_bcrypt(std::string_view hash) {
  return (hash.starts_with("$2y$") || hash.starts_with("$2a$") || hash.starts_with("$2b$")) &&
         crypto::decoy_like(hash).has_value();
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMostNameBytes &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  text.remove_suffix(text.size() - std::min(text.find_last_not_of(kBlank) + 1, text.size()));
  return text;
}

}  // namespace

Htpasswd parse_htpasswd(std::string_view text) {
  Htpasswd out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, std::min(colon, line.size()));
    if (colon == std::string_view::npos || !is_name(name)) {
      out.complaints.push_back({number, "", "is no name and hash with a colon between them"});
      continue;
    }
    const std::string_view hash = line.substr(colon + 1);
    out.hashes.erase(std::string(name));
    if (is_bcrypt(hash)) {
      out.hashes.emplace(name, hash);
    } else {
      out.complaints.push_back(
          {number, std::string(name), "has no bcrypt hash; make one with htpasswd -B"});
    }
  }
  return out;
}

}  // namespace entrepot::people
