#include "server/options/options.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"

namespace entrepot::server {
namespace {

// Reading one value, by the type of the field that takes it.

Result<void> read_value(const Option& option, const std::string& text, std::string& out) {
  const auto& choices = option.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end()) {
    return fail(ErrorCode::InvalidArgument, "\"{}\" is none of {}", text, fmt::join(choices, ", "));
  }
  if (option.check != nullptr) TRY(option.check(text));
  out = text;
  return {};
}

Result<void> read_value(const Option&, const std::string& text, bool& out) {
  TRY_ASSIGN(out, parse_switch(text));
  return {};
}

Result<void> check_bounds(const Option& option, std::uint64_t value, std::string_view text,
                          std::string_view unit) {
  if (value < option.least) {
    return fail(ErrorCode::InvalidArgument, "{} is less than {}{}", text, option.least, unit);
  }
  if (value > option.most) {
    return fail(ErrorCode::InvalidArgument, "{} is more than {}{}", text, option.most, unit);
  }
  return {};
}

Result<void> read_value(const Option& option, const std::string& text, std::uint64_t& out) {
  TRY_ASSIGN(const std::uint64_t count, parse_count(text));
  TRY(check_bounds(option, count, text, ""));
  out = count;
  return {};
}

Result<void> read_value(const Option& option, const std::string& text, Size& out) {
  TRY_ASSIGN(const Size size, parse_size(text));
  TRY(check_bounds(option, size.bytes, text, " bytes"));
  out = size;
  return {};
}

Result<void> read_value(const Option& option, const std::string& text, Duration& out) {
  TRY_ASSIGN(const Duration duration, parse_duration(text));
  TRY(check_bounds(option, static_cast<std::uint64_t>(duration.count()), text, "ms"));
  out = duration;
  return {};
}

Result<void> read_value(const Option&, const std::string& text, ListenAddress& out) {
  TRY_ASSIGN(out, parse_listen_address(text));
  return {};
}

Result<void> read_value(const Option&, const std::string& text, HeaderLine& out) {
  TRY_ASSIGN(out, parse_header_line(text));
  return {};
}

template <class T>
Result<void> read_values(const Option& option, const std::vector<std::string>& values, T& out) {
  if (values.size() != 1) {
    return fail(ErrorCode::InvalidArgument, "takes one value, not {}", values.size());
  }
  return read_value(option, values.front(), out);
}

template <class T>
Result<void> read_values(const Option& option, const std::vector<std::string>& values,
                         std::vector<T>& out) {
  std::vector<T> list(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) TRY(read_value(option, values[i], list[i]));
  out = std::move(list);
  return {};
}

Result<void> assign(const Option& option, const std::vector<std::string>& values,
                    Options& options) {
  return std::visit([&](auto field) { return read_values(option, values, options.*field); },
                    option.field);
}

// Writing one value, by its type.

std::string to_text(const std::string& value) { return value; }
std::string to_text(bool value) { return value ? "true" : "false"; }
std::string to_text(std::uint64_t value) { return fmt::format("{}", value); }
std::string to_text(const Size& value) { return to_string(value); }
std::string to_text(Duration value) { return to_string(value); }
std::string to_text(const ListenAddress& value) { return to_string(value); }
std::string to_text(const HeaderLine& value) {
  return fmt::format("{}: {}", value.name, value.value);
}

template <class T>
std::string to_text(const std::vector<T>& values) {
  std::string out;
  for (const T& value : values) out += (out.empty() ? "" : ", ") + to_text(value);
  return out;
}

// The names of types in the reference page, in the order of OptionField.
constexpr std::string_view kTypeNames[] = {"text",     "switch", "count",     "size",
                                           "duration", "texts",  "addresses", "headers"};

std::string type_for_people(const Option& option) {
  if (option.choices.empty()) return std::string(kTypeNames[option.field.index()]);
  return fmt::format("`{}`", fmt::join(option.choices, "`, `"));
}

// One value of that type.
constexpr std::string_view kValueNames[] = {"TEXT",     "true|false", "COUNT",   "SIZE",
                                            "DURATION", "WORD",       "ADDRESS", "HEADER"};
static_assert(std::size(kValueNames) == std::variant_size_v<OptionField>);

constexpr std::string_view kPageHead = R"(# Options

Made by `entrepot options --markdown` from the table in `src/server/options/options_table.cc`; a test compares.

Every option has a default, so no file is needed. An option can be set, the later over the former,

1. in one YAML file, `entrepot serve FILE`, where the dots of its key are levels;
2. in the environment;
3. by a flag: `--<key> VALUE` or `--<key>=VALUE`. Short flags: `--data`, `--listen`, `--open`,
   `--user`.

A key that does not exist, or a value that does not fit, stops the start with the file, the line and
what would be right. Unknown `ENTREPOT_*` variables are only warned about; those that Kubernetes sets
for a service of that name are ignored.

| type | how it is written |
| --- | --- |
| switch | `true` or `false` (also `yes`/`no`, `on`/`off`, `1`/`0`); as a flag alone: `true` |
| count | decimal digits |
| size | `64MiB`, `64MB`, or bytes: `65536` |
| duration | `250ms`, `8s`, `1h30m`, `7d` |
| addresses | a list of `127.0.0.1:5000`, `[::1]:5000`, `:5000`, `registry.lan:5000` |
| texts | a list of words |
| headers | a list of `Name: value`; in a file also a map from name to value |

Lists: in the environment separated by commas (headers: by newlines), or one variable for each
entry, `…_0`, `…_1`; a flag is repeated. A list replaces the one below it.

The file and the variables of `distribution` (`registry:2`) are understood, too:
[registry2-configuration.md](registry2-configuration.md).

| key | type | default | environment | what it does |
| --- | --- | --- | --- | --- |
)";

}  // namespace

const Option* find_option(std::string_view path) {
  const auto table = option_table();
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Option& option) { return option.path == path; });
  return found == table.end() ? nullptr : &*found;
}

bool is_list(const Option& option) {
  return option.field.index() >= OptionField(&Options::names).index();
}

bool is_switch(const Option& option) {
  return std::holds_alternative<bool Options::*>(option.field);
}

std::string value_name(const Option& option) {
  if (!option.choices.empty()) return fmt::format("{}", fmt::join(option.choices, "|"));
  if (option.place == Place::File) return "FILE";
  if (option.place == Place::Directory) return "DIR";
  return std::string(kValueNames[option.field.index()]);
}

std::string value_text(const Option& option, const Options& options) {
  std::string text = std::visit([&](auto field) { return to_text(options.*field); }, option.field);
  return option.is_secret && !text.empty() ? "***" : text;
}

std::string environment_name(const Option& option) {
  std::string name = "ENTREPOT_";
  for (char c : option.path) {
    name += c == '.' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
  }
  return name;
}

Options initial_options() {
  Options options;
  for (const Option& option : option_table()) {
    std::vector<std::string> values;
    if (!is_list(option) || !option.initial.empty()) values.emplace_back(option.initial);
    const auto assigned = assign(option, values, options);
    CHECK(assigned.has_value());  // a test applies them all
  }
  return options;
}

Result<void> apply(const Setting& setting, Options& options) {
  auto assigned = assign(*setting.option, setting.values, options);
  if (assigned) return {};
  const std::string_view key = setting.key.empty() ? setting.option->path : setting.key;
  return Failure(std::move(assigned.error()).within(fmt::format("{}: {}", setting.where, key)));
}

std::string options_markdown() {
  std::string page(kPageHead);
  for (const Option& option : option_table()) {
    const std::string initial = option.initial.empty() ? "" : fmt::format("`{}`", option.initial);
    page += fmt::format("| `{}` | {} | {} | `{}` | {} |\n", option.path, type_for_people(option),
                        initial, environment_name(option), option.text);
  }
  return page;
}

}  // namespace entrepot::server
