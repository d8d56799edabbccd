#pragma once
// server/command/people_command.h — what the commands for accounts and rights share.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/printed.h"
#include "meta/store.h"
#include "people/people.h"
#include "server/command/commands.h"

namespace entrepot::server {

// The metadata of a directory with the use cases over it, beside a running server or without one.
class PeopleOfDirectory {
 public:
  // NotFound when there is no registry.
  static Result<std::unique_ptr<PeopleOfDirectory>> open(const Arguments& arguments);
  ~PeopleOfDirectory();

  Context& context();
  meta::Store& store();
  people::People& people();
  const people::Author& by() const;         // who the journal says it was
  const std::string& external_url() const;  // `http.host`; "" where it is not set

  // Looks at the rights as they are now, one look.
  template <class T, class F>
  Result<T> view(F&& look) {
    return store().view<T>(context(), std::forward<F>(look));
  }

  // Has the running server look at what was changed, so that it counts when this returns. Without
  // an answer it does so by itself within a second or two.
  void tell_server();

 private:
  struct Parts;
  explicit PeopleOfDirectory(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

// `entrepot user create …`: what stands behind the command's name, and what it does. `operands` are
// those behind the verb; as many as `names` has words.
struct Verb {
  std::string_view words;  // "create", "member add"
  std::string_view names;  // "NAME", "ORGANISATION NAME"
  bool changes;            // the server is told when it succeeded
  Result<void> (*run)(PeopleOfDirectory& directory, const Arguments& arguments,
                      std::span<const std::string> operands);
};

// Finds the verb and runs it: in the data directory that --data or ENTREPOT_DATA names; else at the
// server that --server or ENTREPOT_SERVER names, or that somebody signed in to last; else in the
// usual data directory. 2 when the words are not understood.
int run_verb(const Arguments& arguments, std::span<const Verb> verbs);

// "30d" from now, "never": nothing. InvalidArgument.
Result<std::optional<WallTime>> expiry_of(const Arguments& arguments, std::string_view when_absent);

}  // namespace entrepot::server
