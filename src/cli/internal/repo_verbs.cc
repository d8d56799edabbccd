// `entrepot repo` at a server.
#include <algorithm>

#include <fmt/core.h>

#include "cli/internal/verbs.h"
#include "cli/printed.h"

namespace entrepot::cli {
namespace {

constexpr std::size_t kMostReadme = 256u << 10;  // as the API has it

// A repository's slashes stay.
std::string repository_path(std::string_view name) {
  std::string path = "/repositories";
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('/'), name.size());
    path += "/" + escaped(name.substr(0, end));
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return path;
}

Result<void> repo_create(Api& api, const Typed& typed, Operands operands) {
  const std::string visibility = typed.flag("visibility").value_or("private");
  std::string body;
  json::Writer(body)
      .begin_object()
      .member("name", operands[0])
      .member("visibility", visibility)
      .end_object();
  TRY(api.ask("POST", "/repositories", std::move(body)));
  fmt::print("{} is there, {}\n", operands[0], visibility);
  return {};
}

Result<void> repo_visibility(Api& api, const Typed&, Operands operands) {
  std::string body;
  json::Writer(body).begin_object().member("visibility", operands[1]).end_object();
  TRY(api.ask("PATCH", repository_path(operands[0]), std::move(body)));
  fmt::print("{} is {}\n", operands[0], operands[1]);
  return {};
}

Result<void> set_archived(Api& api, const std::string& name, bool archived) {
  std::string body;
  json::Writer(body).begin_object().member("archived", archived).end_object();
  TRY(api.ask("PATCH", repository_path(name), std::move(body)));
  fmt::print(
      "{} {}\n", name,
      archived ? "is archived: it can be pulled, and nothing else" : "can be pushed to again");
  return {};
}

Result<void> repo_archive(Api& api, const Typed&, Operands operands) {
  return set_archived(api, operands[0], true);
}

Result<void> repo_unarchive(Api& api, const Typed&, Operands operands) {
  return set_archived(api, operands[0], false);
}

Result<void> repo_list(Api& api, const Typed& typed, Operands operands) {
  if (operands.empty()) return print_list(api, typed, "/repositories", repository_columns());
  const std::string below = operands[0] + "/";
  List list(repository_columns(), typed.has("json"));
  // `q` finds the text wherever it stands in a name.
  TRY(api.each("/repositories?q=" + escaped(below), [&](const json::Value& item) -> Result<void> {
    TRY_ASSIGN(const std::string name, Row{item}.text("name"));
    return name.starts_with(below) ? list.add(item) : Result<void>();
  }));
  return list.print();
}

Result<void> repo_describe(Api& api, const Typed&, Operands operands) {
  std::string body;
  json::Writer(body).begin_object().member("description", operands[1]).end_object();
  TRY(api.ask("PATCH", repository_path(operands[0]), std::move(body)));
  fmt::print("{} {}\n", operands[0], operands[1].empty() ? "has no description" : "is described");
  return {};
}

std::string readme_path(const std::string& name) { return repository_path(name) + "/-/readme"; }

// --seen: the server refuses (412) where there is another README than that.
http::client::Headers conditions(const Typed& typed) {
  const auto seen = typed.flag("seen");
  if (!seen) return {};
  if (*seen == "none") return {{"If-None-Match", "*"}};
  return {{"If-Match", fmt::format("\"{}\"", *seen)}};
}

Result<void> exchange_readme(Api& api, std::string_view method, const std::string& name,
                             http::client::Headers headers, std::string markdown) {
  TRY_ASSIGN(const auto answer,
             api.exchange(method, readme_path(name), std::move(headers), std::move(markdown)));
  if (answer.status < 200 || answer.status > 299) return Failure(error_of(answer, api.server()));
  return {};
}

Result<void> readme_set(Api& api, const Typed& typed, Operands operands) {
  TRY_ASSIGN(std::string markdown,
             read_input(operands.size() > 1 ? operands[1] : "-", kMostReadme));
  auto headers = conditions(typed);
  headers.emplace_back("Content-Type", "text/markdown");
  TRY(exchange_readme(api, "PUT", operands[0], std::move(headers), std::move(markdown)));
  fmt::print("{} has a README\n", operands[0]);
  return {};
}

Result<void> readme_show(Api& api, const Typed& typed, Operands operands) {
  TRY_ASSIGN(const std::string answer, api.ask("GET", readme_path(operands[0])));
  if (typed.has("json")) return print_answer(answer);
  TRY_ASSIGN(const auto document, read_answer(answer));
  TRY_ASSIGN(const std::string markdown, Row{document.root()}.untouched("markdown"));
  return write_output(markdown);
}

Result<void> readme_remove(Api& api, const Typed& typed, Operands operands) {
  TRY(exchange_readme(api, "DELETE", operands[0], conditions(typed), ""));
  fmt::print("{} has no README any more\n", operands[0]);
  return {};
}

constexpr Verb kVerbs[] = {
    {"repo", "create", "NAME", repo_create},
    {"repo", "visibility", "NAME public|internal|private", repo_visibility},
    {"repo", "describe", "NAME TEXT", repo_describe},
    {"repo", "archive", "NAME", repo_archive},
    {"repo", "unarchive", "NAME", repo_unarchive},
    {"repo", "list", "[NAMESPACE]", repo_list},
    {"repo", "readme set", "NAME [FILE]", readme_set},
    {"repo", "readme show", "NAME", readme_show},
    {"repo", "readme remove", "NAME", readme_remove},
};

}  // namespace

std::span<const Verb> repo_verbs() { return kVerbs; }

}  // namespace entrepot::cli
