#pragma once
// hub/words.h — what a repository says of itself.

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "events/event.h"
#include "meta/store.h"

namespace entrepot::hub {

inline constexpr std::size_t kMostDescription = 100;  // characters, as on Docker Hub
inline constexpr std::size_t kMostReadmeBytes = 256u << 10;

// What somebody who changes a README saw of it: nothing was said, that there is none, or when it
// was changed last. Of two who saw the same, the second to write is told so.
struct Seen {
  bool was_said = false;
  std::optional<WallTime> changed_at = {};  // nothing: there was none

  static Seen nothing() { return {.was_said = true}; }
  static Seen at(WallTime time) { return {.was_said = true, .changed_at = time}; }
};

// Who may is asked before (access::Action::Describe). Each change is one transaction, which tells
// the journal who made it. NotFound: there is no such repository. Denied: it
// is archived. What is too long is an error and
// never cut. Thread-safe; blocks.
class Words {
 public:
  // Both outlive this.
  Words(meta::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // One line of UTF-8 without control characters; "" for none. InvalidArgument.
  Result<void> describe(Context& context, const events::Actor& by, const oci::RepositoryName& name,
                        std::string_view text);
  // Markdown in UTF-8; the answer is when it was changed, now. InvalidArgument, TooLarge;
  // PreconditionFailed where there is another one than was seen.
  Result<WallTime> write_readme(Context& context, const events::Actor& by,
                                const oci::RepositoryName& name, std::string_view markdown,
                                const Seen& seen = {});
  Result<void> remove_readme(Context& context, const events::Actor& by,
                             const oci::RepositoryName& name, const Seen& seen = {});

 private:
  Result<void> tell(meta::Transaction& tx, const events::Actor& by, const oci::RepositoryName& name,
                    std::string detail) const;

  meta::Store& store_;
  const Clock& clock_;
};

}  // namespace entrepot::hub
