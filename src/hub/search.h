#pragma once
// hub/search.h — repositories by a part of their name or description, for one reader.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/policy.h"
#include "meta/store.h"

namespace entrepot::hub {

// How a text is found, best first.
enum class Rank : std::uint8_t {
  Name,        // it is the name
  LastPart,    // the name's last part
  Beginning,   // the name begins with it
  PartBegins,  // a later part does
  InName,      // it stands somewhere in the name
  InDescription,
};

// How `text` is found in a repository. Nothing is a wildcard, and ASCII letters are the same in
// either case; "" is in every name. `text` is in lower case (lower()).
std::optional<Rank> rank_of(std::string_view text, std::string_view name,
                            std::string_view description);
std::string lower(std::string_view text);  // ASCII

// Where a page ends.
struct Place {
  std::string window = {};  // the search looks at names from this one on
  Rank rank = Rank::Name;
  std::string name = {};  // "": at the window's beginning

  friend bool operator==(const Place&, const Place&) = default;
};

struct SearchQuery {
  std::string text = {};
  std::optional<Place> after = {};
  std::size_t limit = 25;
  // Of names that everybody, or everybody who signed in, may see. One window of names is ranked
  // after the other, but the name that is the text itself comes first.
  std::size_t most_looked_at = 20'000;
};

struct Match {
  Rank rank;
  std::string name;
  std::string description;

  // The order of an answer.
  friend auto operator<=>(const Match& a, const Match& b) {
    if (const auto order = a.rank <=> b.rank; order != 0) return order;
    return a.name <=> b.name;
  }
  friend bool operator==(const Match& a, const Match& b) { return (a <=> b) == 0; }
};

// A page may be short, or empty, and have another behind it. Its places hold names of what the
// reader may see alone.
struct SearchPage {
  std::vector<Match> matches;
  std::optional<Place> next;
};

// Of repositories that hold a manifest. `question` is about Action::See of whoever asks. Costs the
// look at what lies within their reach, and at most `most_looked_at` of what is there for many.
Result<SearchPage> search(Context& context, meta::Store& store, const access::Policy& policy,
                          const access::Question& question, const SearchQuery& query);

}  // namespace entrepot::hub
