#pragma once
// server/command/people_command.h — what the commands for accounts and rights share.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "cli/lists.h"
#include "cli/printed.h"
#include "json/writer.h"
#include "meta/store.h"
#include "people/people.h"
#include "people/roster.h"
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
// those behind the verb; as many as `names` has words, those in brackets may lack.
struct Verb {
  std::string_view words;  // "create", "member add"
  std::string_view names;  // "NAME", "ORGANISATION NAME"
  bool changes;            // the server is told when it succeeded
  Result<void> (*run)(PeopleOfDirectory& directory, const Arguments& arguments,
                      std::span<const std::string> operands);
};

// Finds the verb and runs it: in the data directory that --data or ENTREPOT_DATA names; else at the
// server that --server or ENTREPOT_SERVER names, or that somebody signed in to last; else in the
// usual data directory. Exit codes as for tell_by_code().
int run_verb(const Arguments& arguments, std::span<const Verb> verbs);

// All rows of a list, as a table or, with --json, as one document: the items are those of /api/v1.
// `look(roster, query)` finds a page of them behind Cursor, `write(json, row)` writes one.
template <class Cursor, class Look, class Write>
Result<void> print_rows(PeopleOfDirectory& directory, const Arguments& arguments,
                        std::span<const cli::Column> columns, const Look& look,
                        const Write& write) {
  using Rows = std::vector<std::string>;
  constexpr std::size_t kAtOnce = 1000;
  const auto all = [&](const meta::Snapshot& snapshot) -> Result<Rows> {
    const people::Roster roster(snapshot, directory.by());
    people::PageQuery<Cursor> query{.after = {}, .limit = kAtOnce};
    Rows rows;
    for (;;) {
      TRY_ASSIGN(const auto page, look(roster, query));
      for (const auto& row : page.rows) {
        json::Writer json(rows.emplace_back());
        if constexpr (std::is_void_v<decltype(write(json, row))>) {
          write(json, row);
        } else {
          TRY(write(json, row));
        }
      }
      if (!page.next) return rows;
      query.after = *page.next;
    }
  };
  TRY_ASSIGN(const Rows rows, directory.view<Rows>(all));
  cli::List list(columns, arguments.has("json"));
  for (const std::string& row : rows) TRY(list.add(row));
  return list.print();
}

// One thing as /api/v1 gives it.
template <class Row, class Write>
Result<void> print_one(const Row& row, const Write& write) {
  std::string document;
  json::Writer json(document);
  write(json, row);
  json.end_line();
  return cli::write_output(document);
}

// What was typed for --since and such, where "7d" means so long ago.
std::optional<std::string> audit_time(const Arguments& arguments, std::string_view flag);

// As Command::verbs has them.
std::vector<std::string> said(std::span<const Verb> verbs);

// "30d" from now, "never": nothing. InvalidArgument.
Result<std::optional<WallTime>> expiry_of(const Arguments& arguments, std::string_view when_absent);

}  // namespace entrepot::server
