#pragma once
// people/bounds.h — what a credential allows at most, as it is kept and as tokens say it.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/subject.h"
#include "base/bytes.h"
#include "base/result.h"

namespace entrepot::people {

// A word of Docker's token specification and of `entrepot token create --scope`. It is given whole
// or not, by the right to one action that stands for all.
struct ScopeWord {
  std::string_view text;
  access::Action asks;
  access::Actions gives;
};

// "pull", "push" (without pull), "delete".
std::span<const ScopeWord> all_scope_words();

// What a word gives; "*" is all of them. Nothing for any other.
access::Actions actions_of_scope(std::string_view word);
// The other way round: which of these words a set has whole, in that order, without "*".
std::vector<std::string_view> scope_words(access::Actions actions);

// {"scopes":[{"repository":"acme/*","actions":["pull"]}]}, as metadata keeps it.
std::string to_json(const access::Bound& bound);
// InvalidArgument. Of what is kept, Corrupt is the caller's word.
Result<access::Bound> parse_bound(ByteView json);

}  // namespace entrepot::people
