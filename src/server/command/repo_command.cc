// `entrepot repo`: the repositories of a data directory, and what they say of themselves.
#include <fmt/core.h>

#include "api/rest/rows.h"
#include "hub/words.h"
#include "markdown/render.h"
#include "people/roles.h"
#include "server/command/people_command.h"

namespace entrepot::server {
namespace {

using Operands = std::span<const std::string>;
namespace rest = api::rest;

Result<meta::Visibility> visibility_of(std::string_view text) {
  const auto visibility = people::parse_visibility(text);
  if (visibility) return *visibility;
  return fail(ErrorCode::InvalidArgument, "\"{}\": a repository is public, internal or private",
              text);
}

Result<void> repo_create(PeopleOfDirectory& directory, const Arguments& arguments,
                         Operands operands) {
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(operands[0]));
  TRY_ASSIGN(const auto visibility,
             visibility_of(arguments.value("visibility").value_or("private")));
  TRY(directory.people().create_repository(directory.context(), directory.by(), name, visibility));
  fmt::print("{} is there, {}\n", name.str(), people::name_of(visibility));
  return {};
}

Result<void> repo_visibility(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(operands[0]));
  TRY_ASSIGN(const auto visibility, visibility_of(operands[1]));
  TRY(directory.people().set_visibility(directory.context(), directory.by(), name, visibility));
  fmt::print("{} is {}\n", name.str(), people::name_of(visibility));
  return {};
}

Result<void> set_archived(PeopleOfDirectory& directory, const std::string& typed, bool archived) {
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(typed));
  TRY(directory.people().set_archived(directory.context(), directory.by(), name, archived));
  fmt::print(
      "{} {}\n", name.str(),
      archived ? "is archived: it can be pulled, and nothing else" : "can be pushed to again");
  return {};
}

Result<void> repo_archive(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  return set_archived(directory, operands[0], true);
}

Result<void> repo_unarchive(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  return set_archived(directory, operands[0], false);
}

// What its caller may do to it, who may do everything.
Result<std::vector<std::string_view>> allowed(const PeopleOfDirectory& directory,
                                              const meta::Snapshot& snapshot,
                                              const std::string& name) {
  std::vector<std::string_view> may;
  for (std::size_t i = static_cast<std::size_t>(access::Action::See); i < access::kActions; ++i) {
    const auto action = static_cast<access::Action>(i);
    TRY_ASSIGN(const bool yes, people::is_allowed(directory.by().may(snapshot, action, name,
                                                                     Clock::system().wall())));
    if (yes) may.push_back(access::name_of(action));
  }
  return may;
}

// One look at all of them, or at those below a namespace, as JSON.
Result<std::vector<std::string>> list_repositories(const PeopleOfDirectory& directory,
                                                   const meta::Snapshot& snapshot,
                                                   const std::string& below) {
  constexpr std::size_t kAtOnce = 1000;
  std::vector<std::string> rows;
  for (std::string after = below;;) {
    TRY_ASSIGN(const auto names, snapshot.repositories().list_all(after, kAtOnce));
    for (const auto& name : names) {
      if (!name.str().starts_with(below)) return rows;
      TRY_ASSIGN(const auto row, rest::find_row(snapshot, name));
      TRY_ASSIGN(const auto may, allowed(directory, snapshot, name.str()));
      if (!row) continue;
      json::Writer json(rows.emplace_back());
      rest::write_repository(json, *row, may);
    }
    if (names.size() < kAtOnce) return rows;
    after = names.back().str();
  }
}

Result<void> repo_list(PeopleOfDirectory& directory, const Arguments& arguments,
                       Operands operands) {
  const std::string below = operands.empty() ? "" : operands[0] + "/";
  TRY_ASSIGN(const auto rows,
             directory.view<std::vector<std::string>>([&](const meta::Snapshot& snapshot) {
               return list_repositories(directory, snapshot, below);
             }));
  cli::List list(cli::repository_columns(), arguments.has("json"));
  for (const std::string& row : rows) TRY(list.add(row));
  return list.print();
}

hub::Words words_of(PeopleOfDirectory& directory) { return {directory.store(), Clock::system()}; }

Result<void> repo_describe(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(operands[0]));
  TRY(words_of(directory).describe(directory.context(), directory.by().actor(), name, operands[1]));
  fmt::print("{} {}\n", name.str(), operands[1].empty() ? "has no description" : "is described");
  return {};
}

Result<hub::Seen> seen_by(const Arguments& arguments) {
  const auto seen = arguments.value("seen");
  if (!seen) return hub::Seen();
  if (*seen == "none") return hub::Seen::nothing();
  const auto time = parse_rfc3339(*seen);
  if (time) return hub::Seen::at(*time);
  return fail(ErrorCode::InvalidArgument,
              "--seen: \"{}\" is neither none nor a time as `readme show --json` tells it", *seen);
}

Result<void> readme_set(PeopleOfDirectory& directory, const Arguments& arguments,
                        Operands operands) {
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(operands[0]));
  TRY_ASSIGN(const auto seen, seen_by(arguments));
  TRY_ASSIGN(const std::string markdown,
             cli::read_input(operands.size() > 1 ? operands[1] : "-", hub::kMostReadmeBytes));
  TRY(markdown::render(markdown));  // nobody could look at it
  TRY(words_of(directory).write_readme(directory.context(), directory.by().actor(), name, markdown,
                                       seen));
  fmt::print("{} has a README\n", name.str());
  return {};
}

Result<void> readme_show(PeopleOfDirectory& directory, const Arguments& arguments,
                         Operands operands) {
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(operands[0]));
  TRY_ASSIGN(
      const auto readme,
      directory.view<meta::Readme>([&](const meta::Snapshot& snapshot) -> Result<meta::Readme> {
        TRY_ASSIGN(const auto found, snapshot.repositories().find(name));
        return snapshot.words().readme(found.id);
      }));
  if (!arguments.has("json")) return cli::write_output(readme.markdown);
  TRY_ASSIGN(const std::string html, markdown::render(readme.markdown));
  return print_one(readme, [&](json::Writer& json, const meta::Readme& row) {
    rest::write_readme(json, row, html);
  });
}

Result<void> readme_remove(PeopleOfDirectory& directory, const Arguments& arguments,
                           Operands operands) {
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(operands[0]));
  TRY_ASSIGN(const auto seen, seen_by(arguments));
  TRY(words_of(directory).remove_readme(directory.context(), directory.by().actor(), name, seen));
  fmt::print("{} has no README any more\n", name.str());
  return {};
}

constexpr Verb kVerbs[] = {
    {"create", "NAME", true, repo_create},
    {"visibility", "NAME public|internal|private", true, repo_visibility},
    {"describe", "NAME TEXT", true, repo_describe},
    {"archive", "NAME", true, repo_archive},
    {"unarchive", "NAME", true, repo_unarchive},
    {"list", "[NAMESPACE]", false, repo_list},
    {"readme set", "NAME [FILE]", true, readme_set},
    {"readme show", "NAME", false, readme_show},
    {"readme remove", "NAME", true, readme_remove},
};

}  // namespace

int run_repo(const Arguments& arguments) { return run_verb(arguments, kVerbs); }
std::vector<std::string> repo_verbs() { return said(kVerbs); }

}  // namespace entrepot::server
