#pragma once
// people/bounds.h — what a credential allows at most, as it is kept and as tokens say it.

#include <string>
#include <string_view>
#include <vector>

#include "access/subject.h"
#include "base/bytes.h"
#include "base/result.h"

namespace entrepot::people {

// The words of Docker's token specification and of `entrepot token create --scope`: "pull", "push"
// (not pull), "delete", and "*" for all three. Nothing for any other.
access::Actions actions_of_scope(std::string_view word);
// The other way round: which of these words a set has whole, in that order, without "*".
std::vector<std::string_view> scope_words(access::Actions actions);

// {"scopes":[{"repository":"acme/*","actions":["pull"]}]}, as metadata keeps it.
std::string to_json(const access::Bound& bound);
// InvalidArgument. Of what is kept, Corrupt is the caller's word.
Result<access::Bound> parse_bound(ByteView json);

}  // namespace entrepot::people
