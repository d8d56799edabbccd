#include "cli/printed.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include <fmt/core.h>

#include "json/writer.h"

namespace entrepot::cli {
namespace {

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

}  // namespace

Result<std::string> typed_secret(std::string_view what) {
  std::string line;
  std::optional<WithoutEcho> quiet;
  if (::isatty(STDIN_FILENO) != 0) {
    fmt::print(stderr, "{}: ", what);
    quiet.emplace();
  }
  if (!std::getline(std::cin, line)) {
    return fail(ErrorCode::InvalidArgument, "there is no password on standard input");
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
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

void print_invitation(std::string_view user, std::string_view url, std::string_view secret,
                      const std::optional<WallTime>& expires_at) {
  fmt::print("{}/-/welcome#{}\n", url, secret);
  fmt::print(stderr, "by this link {} sets a password, once, until {}; give it to nobody else{}\n",
             user, date_text(expires_at, "it is used"),
             url.empty() ? ". The server's address belongs in front of it" : "");
}

void print_secret(const MadeSecret& made, bool as_json) {
  const std::string expires = made.expires_at ? to_rfc3339(*made.expires_at) : "";
  if (as_json) {
    std::string text;
    json::Writer(text)
        .begin_object()
        .member("id", made.id)
        .member("name", made.name)
        .member("secret", made.text)
        .member("expires_at", expires)
        .end_object();
    fmt::print("{}\n", text);
    return;
  }
  fmt::print("{}\n", made.text);
  fmt::print(stderr, "this is the secret of {}; it is shown this once, and {}\n", made.name,
             expires.empty() ? "never expires" : "expires at " + expires);
}

}  // namespace entrepot::cli
