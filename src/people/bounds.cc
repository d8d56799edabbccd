#include "people/bounds.h"

#include <array>

#include "json/reader.h"
#include "json/writer.h"

namespace entrepot::people {
namespace {

using access::Action;
using access::Actions;

constexpr std::array kWords{
    ScopeWord{"pull", Action::Pull, {Action::See, Action::Pull}},
    ScopeWord{"push", Action::Push, {Action::Push, Action::Tag, Action::Create, Action::Describe}},
    ScopeWord{"delete", Action::Delete, {Action::Delete, Action::Restore}},
};

constexpr json::Names<1> kBoundFields{"scopes"};
constexpr json::Names<2> kScopeFields{"repository", "actions"};

Result<access::Bound::Scope> parse_scope(const json::Value& value) {
  access::Bound::Scope scope;
  TRY_ASSIGN(const auto fields, value.fields(kScopeFields));
  TRY(fields.require({0, 1}));
  TRY(fields.read(0, scope.repository));
  TRY(fields.find(1)->each_element("a list", [&](const json::Value& word) -> Result<void> {
    TRY_ASSIGN(const auto text, word.get<std::string_view>());
    const Actions actions = actions_of_scope(text);
    if (actions == Actions{}) return word.invalid("not an action");
    scope.actions = scope.actions | actions;
    return {};
  }));
  return scope;
}

}  // namespace

std::span<const ScopeWord> all_scope_words() { return kWords; }

Actions actions_of_scope(std::string_view word) {
  Actions all;
  for (const ScopeWord& known : kWords) {
    if (known.text == word) return known.gives;
    all = all | known.gives;
  }
  return word == "*" ? all : Actions{};
}

std::vector<std::string_view> scope_words(Actions actions) {
  std::vector<std::string_view> words;
  for (const ScopeWord& word : kWords) {
    if ((actions & word.gives) == word.gives) words.push_back(word.text);
  }
  return words;
}

std::string to_json(const access::Bound& bound) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("scopes").begin_array();
  for (const auto& scope : bound.scopes) {
    writer.begin_object().member("repository", std::string_view(scope.repository));
    writer.key("actions").begin_array();
    for (const std::string_view word : scope_words(scope.actions)) writer.value(word);
    writer.end_array().end_object();
  }
  writer.end_array().end_object();
  return text;
}

Result<access::Bound> parse_bound(ByteView text) {
  access::Bound bound;
  TRY_ASSIGN(const auto document, json::Document::parse(text, "bound"));
  TRY_ASSIGN(const auto fields, document.root().fields(kBoundFields));
  TRY(fields.require({0}));
  TRY(fields.find(0)->each_element("a list", [&](const json::Value& value) -> Result<void> {
    TRY_ASSIGN(auto scope, parse_scope(value));
    bound.scopes.push_back(std::move(scope));
    return {};
  }));
  return bound;
}

}  // namespace entrepot::people
