#include "server/command/people_command.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include <fmt/core.h>

#include "server/command/beside_server.h"
#include "server/host/privileges.h"
#include "server/run/opened_stores.h"
#include "server/run/probe.h"

namespace entrepot::server {
namespace {

constexpr int kNotUnderstood = 2;
constexpr std::chrono::seconds kPatience{5};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool begins_with(const std::vector<std::string>& operands, std::string_view words) {
  const auto wanted = split(words);
  return operands.size() >= wanted.size() &&
         std::equal(wanted.begin(), wanted.end(), operands.begin());
}

// A terminal that shows nothing of what is typed, for as long as this lives.
class WithoutEcho {
 public:
  WithoutEcho() : known_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!known_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~WithoutEcho() {
    if (!known_) return;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    fmt::print(stderr, "\n");
  }
  WithoutEcho(const WithoutEcho&) = delete;
  WithoutEcho& operator=(const WithoutEcho&) = delete;

 private:
  termios before_{};
  const bool known_;
};

int tell_usage(const Arguments& arguments, std::span<const Verb> verbs) {
  fmt::print(stderr, "entrepot: {}: say one of these:\n", arguments.command->name);
  for (const Verb& verb : verbs) {
    fmt::print(stderr, "  entrepot {} {} {}\n", arguments.command->name, verb.words, verb.names);
  }
  return kNotUnderstood;
}

}  // namespace

struct PeopleOfDirectory::Parts {
  explicit Parts(std::string the_data) : data(std::move(the_data)) {}

  const std::string data;
  Context context{"command"};
  metrics::Registry metrics;
  std::unique_ptr<meta::Store> beside;  // a server has the directory
  std::unique_ptr<OpenedStores> alone;
  std::optional<people::People> people;
  people::Author by = people::Author::machine({events::ActorKind::System, "command"});

  meta::Store& store() { return beside ? *beside : alone->stores().meta; }
};

PeopleOfDirectory::PeopleOfDirectory(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
PeopleOfDirectory::~PeopleOfDirectory() = default;

Result<std::unique_ptr<PeopleOfDirectory>> PeopleOfDirectory::open(const Arguments& arguments) {
  TRY_ASSIGN(const Configuration configuration, configure(arguments, std::nullopt));
  const Options& options = configuration.options;
  TRY(require_registry(options));
  TRY(become_owner(options.user, options.data));
  auto parts = std::make_unique<Parts>(options.data);
  if (is_served(options.data)) {
    TRY_ASSIGN(parts->beside, open_beside_server(options));
  } else {
    TRY_ASSIGN(auto directory, DataDirectory::open(options.data));
    TRY_ASSIGN(parts->alone, OpenedStores::open(parts->context, std::move(directory),
                                                parts->metrics, Clock::system()));
  }
  parts->people.emplace(parts->store(), Clock::system());
  return std::unique_ptr<PeopleOfDirectory>(new PeopleOfDirectory(std::move(parts)));
}

Context& PeopleOfDirectory::context() { return parts_->context; }
meta::Store& PeopleOfDirectory::store() { return parts_->store(); }
people::People& PeopleOfDirectory::people() { return *parts_->people; }
const people::Author& PeopleOfDirectory::by() const { return parts_->by; }

void PeopleOfDirectory::tell_server() {
  if (!parts_->beside) return;
  const auto name = probe_name(parts_->data);
  if (name) static_cast<void>(ask_probe(*name, kRightsPath, kPatience));
}

int run_verb(const Arguments& arguments, std::span<const Verb> verbs) {
  const auto found = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& verb) {
    return begins_with(arguments.operands, verb.words) &&
           arguments.operands.size() == split(verb.words).size() + split(verb.names).size();
  });
  if (found == verbs.end()) return tell_usage(arguments, verbs);
  const auto directory = PeopleOfDirectory::open(arguments);
  if (!directory) return tell_failure(directory.error());
  const auto operands = std::span(arguments.operands).subspan(split(found->words).size());
  const auto done = found->run(**directory, arguments, operands);
  if (!done) return tell_failure(done.error());
  if (found->changes) (*directory)->tell_server();
  return 0;
}

Result<std::string> password_from_input() {
  std::string line;
  std::optional<WithoutEcho> quiet;
  if (::isatty(STDIN_FILENO) != 0) {
    fmt::print(stderr, "Password: ");
    quiet.emplace();
  }
  if (!std::getline(std::cin, line)) {
    return fail(ErrorCode::InvalidArgument, "there is no password on standard input");
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

Result<std::optional<WallTime>> expiry_of(const Arguments& arguments,
                                          std::string_view when_absent) {
  const std::string text = arguments.value("expires").value_or(std::string(when_absent));
  if (text == "never") return std::optional<WallTime>();
  const auto life = parse_duration(text);
  if (!life || life->count() <= 0) {
    return fail(ErrorCode::InvalidArgument,
                "--expires: \"{}\" is neither a time such as 30d or 12h nor never", text);
  }
  return std::optional<WallTime>(Clock::system().wall() + *life);
}

void print_table(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> widths;
  for (const auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i)
      text += fmt::format("{:<{}}  ", line[i], widths[i]);
    text.erase(text.find_last_not_of(' ') + 1);
    fmt::print("{}\n", text);
  }
}

std::string date_text(const std::optional<WallTime>& time, std::string_view otherwise) {
  if (!time) return std::string(otherwise);
  std::string text = to_rfc3339(*time).substr(0, 16);
  text[10] = ' ';
  return text;
}

}  // namespace entrepot::server
