#include "cli/printed.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include <fmt/core.h>

#include "base/log.h"
#include "file/read.h"
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

std::string printable(std::string_view text) {
  std::string out;
  log::append_escaped(out, text, log::Format::Text);
  return out;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\n\t"), text.size());
    out += printable(text.substr(0, end));
    if (end < text.size()) out += text[end];
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

Result<void> write_output(std::string_view text) {
  std::string shown;
  if (::isatty(STDOUT_FILENO) != 0) text = shown = printable_lines(text);
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) {
    return {};
  }
  return fail(ErrorCode::StorageFull, "standard output took not all of it");
}

Result<std::string> read_input(const std::string& path, std::size_t most_bytes) {
  if (path != "-") {
    auto bytes = file::read_small(path, most_bytes);
    if (bytes || bytes.error().code != ErrorCode::NotFound) return bytes;
    return fail(ErrorCode::InvalidArgument, "{}", bytes.error().message);
  }
  std::string text;
  char piece[4096];
  while (const std::size_t size = std::fread(piece, 1, sizeof piece, stdin)) {
    text.append(piece, size);
    if (text.size() > most_bytes) {
      return fail(ErrorCode::TooLarge, "standard input: longer than {} octets", most_bytes);
    }
  }
  if (std::ferror(stdin) != 0) return fail(ErrorCode::Unavailable, "standard input cannot be read");
  return text;
}

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
