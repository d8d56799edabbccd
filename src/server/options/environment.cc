#include "server/options/environment.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "server/options/guesses.h"
#include "server/options/spelling.h"

namespace entrepot::server {
namespace {

constexpr std::string_view kPrefix = "ENTREPOT_";
constexpr std::string_view kImage = "ENTREPOT_IMAGE";
constexpr std::string_view kServer = "ENTREPOT_SERVER";  // read by cli

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "…_PORT_80_TCP" with _PROTO, _PORT, _ADDR or nothing behind it.
bool is_port_of_service(std::string_view name) {
  for (std::string_view tail : {"_PROTO", "_PORT", "_ADDR"}) {
    if (name.ends_with(tail)) {
      name.remove_suffix(tail.size());
      break;
    }
  }
  for (std::string_view protocol : {"_TCP", "_UDP", "_SCTP"}) {
    if (!name.ends_with(protocol)) continue;
    name.remove_suffix(protocol.size());
    const auto port = name.rfind("_PORT_");
    return port != std::string_view::npos && all_digits(name.substr(port + 6));
  }
  return false;
}

std::vector<std::string> split_list(const Option& option, std::string_view text) {
  // A header's value may hold commas.
  const char separator =
      std::holds_alternative<std::vector<HeaderLine> Options::*>(option.field) ? '\n' : ',';
  std::vector<std::string> values;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    std::string_view value = text.substr(0, end);
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    if (!value.empty()) values.emplace_back(value);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return values;
}

// Which option a name addresses, and for "ENTREPOT_HTTP_LISTEN_2" which entry of its list.
struct Addressee {
  const Option* option = nullptr;
  std::optional<std::size_t> entry;
};

Addressee addressee_of(const std::string& name) {
  for (const Option& option : option_table()) {
    const std::string own = environment_name(option);
    if (name == own) return {&option, std::nullopt};
    if (!is_list(option) || !name.starts_with(own + "_")) continue;
    const std::string_view index = std::string_view(name).substr(own.size() + 1);
    if (all_digits(index) && index.size() <= 3) return {&option, std::stoul(std::string(index))};
  }
  return {};
}

// "ENTREPOT_TLS_CERT" → "tls-cert".
std::string as_flag(const std::string& name) {
  std::string word = name.substr(kPrefix.size());
  for (char& c : word) c = c == '_' ? '-' : (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  return word;
}

std::string unknown_name(const std::string& name) {
  // Without what all of them begin with, which would make any two look alike.
  std::vector<std::string> names;
  for (const Option& option : option_table()) {
    names.push_back(environment_name(option).substr(kPrefix.size()));
  }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const Option* const habit = guessed_option(as_flag(name));
  const std::string meant = habit != nullptr
                                ? environment_name(*habit).substr(kPrefix.size())
                                : std::string(nearest(name.substr(kPrefix.size()), candidates));
  return fmt::format("{}: no option has this name, so it is ignored{}", name,
                     meant.empty() ? "" : fmt::format("; did you mean \"{}{}\"?", kPrefix, meant));
}

// Entries of one list that came one by one: 0, 1, 2 … without a gap.
Result<Setting> join_entries(const Option& option, const std::map<std::size_t, std::string>& all) {
  Setting setting{&option, {}, environment_name(option)};
  for (const auto& [index, value] : all) {
    if (index != setting.values.size()) {
      return fail(ErrorCode::InvalidArgument, "{0}_{1}: there is no {0}_{2} before it",
                  setting.where, index, setting.values.size());
    }
    setting.values.push_back(value);
  }
  return setting;
}

}  // namespace

Environment process_environment() {
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const char* equals = std::strchr(*entry, '=');
    if (equals != nullptr)
      environment.emplace_back(
          std::string(std::string_view(*entry, static_cast<std::size_t>(equals - *entry))),
          equals + 1);
  }
  std::sort(environment.begin(), environment.end());
  return environment;
}

bool is_from_kubernetes(const std::string& name, const std::string& value) {
  return name.ends_with("_SERVICE_HOST") || name.find("_SERVICE_PORT") != std::string::npos ||
         (name.ends_with("_PORT") && value.find("://") != std::string::npos) ||
         is_port_of_service(name);
}

Result<EnvironmentSettings> read_environment(const Environment& environment) {
  EnvironmentSettings out;
  std::map<const Option*, std::map<std::size_t, std::string>> entries;
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(kPrefix) || is_from_kubernetes(name, value)) continue;
    if (name == kImage || name == kServer) continue;
    const Addressee to = addressee_of(name);
    if (to.option == nullptr) {
      out.warnings.push_back(unknown_name(name));
    } else if (to.entry) {
      entries[to.option][*to.entry] = value;
    } else if (is_list(*to.option)) {
      out.settings.push_back({to.option, split_list(*to.option, value), name});
    } else {
      out.settings.push_back({to.option, {value}, name});
    }
  }
  for (const auto& [option, all] : entries) {
    TRY_ASSIGN(auto setting, join_entries(*option, all));
    const bool twice = std::any_of(out.settings.begin(), out.settings.end(),
                                   [&](const Setting& other) { return other.option == option; });
    if (twice) {
      return fail(ErrorCode::InvalidArgument, "{0}: set as a whole and by entries ({0}_0)",
                  setting.where);
    }
    out.settings.push_back(std::move(setting));
  }
  return out;
}

bool runs_in_own_image(const Environment& environment) {
  const auto found = std::find_if(environment.begin(), environment.end(),
                                  [](const auto& entry) { return entry.first == kImage; });
  return found != environment.end() && found->second == "1";
}

}  // namespace entrepot::server
