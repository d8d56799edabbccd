#pragma once
// cli/internal/verbs.h — what `entrepot org member add` asks of a server.

#include <span>
#include <string>

#include "cli/api.h"
#include "cli/lists.h"
#include "cli/run.h"
#include "json/writer.h"

namespace entrepot::cli {

using Operands = std::span<const std::string>;

struct Verb {
  std::string_view command;  // "org"
  std::string_view words;    // "member add"
  std::string_view names;    // "ORGANISATION USER": as many operands as words; "[FILE]" may lack
  Result<void> (*run)(Api& api, const Typed& typed, Operands operands);
};

std::span<const Verb> people_verbs();  // user, org, team
std::span<const Verb> repo_verbs();
std::span<const Verb> rights_verbs();  // grant, robot, token, access
std::span<const Verb> audit_verbs();

// The members of an object that a server sent, by name: text that a terminal may show, or what
// stands for its absence.
struct Row {
  const json::Value value;

  Result<std::string> text(std::string_view name, std::string_view otherwise = "-") const;
  // As it came, whatever is in it.
  Result<std::string> untouched(std::string_view name) const;
  Result<std::int64_t> number(std::string_view name) const;
  Result<bool> truth(std::string_view name) const;
};

// All items of a list, as a table or, with --json, as one document.
Result<void> print_list(Api& api, const Typed& typed, std::string_view path,
                        std::span<const Column> columns);
// What a server answered, as JSON.
Result<void> print_answer(std::string_view answer);

// `expires` of what was typed, as the API wants it: a time, or null for never.
void put_expiry(json::Writer& writer, const Typed& typed, std::chrono::hours when_absent);

// The secret in an answer, printed.
Result<void> print_made_secret(const std::string& answer, std::string_view id_name,
                               const Typed& typed);

}  // namespace entrepot::cli
