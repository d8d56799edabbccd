#pragma once
// server/command/people_command.h — what the commands for accounts and rights share.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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
  const people::Author& by() const;  // who the journal says it was

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

// Finds the verb, opens the directory, and runs it. 2 when the words are not understood.
int run_verb(const Arguments& arguments, std::span<const Verb> verbs);

// The first line of standard input, without its end; at a terminal asked for, and not shown.
// InvalidArgument when there is none.
Result<std::string> password_from_input();

// "30d" from now, "never": nothing. InvalidArgument.
Result<std::optional<WallTime>> expiry_of(const Arguments& arguments, std::string_view when_absent);

// Lines of columns, each as wide as its widest cell; the first line is the head.
void print_table(const std::vector<std::vector<std::string>>& lines);

// "2026-11-27 11:05", or `otherwise` where there is no time.
std::string date_text(const std::optional<WallTime>& time, std::string_view otherwise);

}  // namespace entrepot::server
