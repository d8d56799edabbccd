#pragma once
// cli/printed.h — what commands print and ask for, of a directory or of a server.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace entrepot::cli {

// What a server said, for a terminal: it gets no control of it (base/log.h).
std::string printable(std::string_view text);

// The same for text of several lines, and for JSON: newlines and tabs stay.
std::string printable_lines(std::string_view text);

// To standard output, at once: to a terminal printable_lines(), else as it is. StorageFull where it
// takes no more.
Result<void> write_output(std::string_view text);

// All of a file, or of standard input ("-"). TooLarge past `most_bytes`,
// InvalidArgument for no file; else see file/error.h.
Result<std::string> read_input(const std::string& path, std::size_t most_bytes);

// The first line of standard input, without its end; at a terminal asked for as `what`
// ("Password"), and not shown. InvalidArgument when there is none.
Result<std::string> typed_secret(std::string_view what);

// Lines of columns, each as wide as its widest cell; the first line is the head.
void print_table(const std::vector<std::vector<std::string>>& lines);

// "2026-11-27 11:05", or `otherwise` where there is no time.
std::string date_text(const std::optional<WallTime>& time, std::string_view otherwise);

// A secret that was made up, told once: as one JSON object, or as the line that a person keeps.
struct MadeSecret {
  std::int64_t id = 0;
  std::string_view name, text;
  std::optional<WallTime> expires_at;
};
void print_secret(const MadeSecret& made, bool as_json);

// The link by which somebody sets their own password. `url`: of the server, as people reach it; ""
// where that is not known.
void print_invitation(std::string_view user, std::string_view url, std::string_view secret,
                      const std::optional<WallTime>& expires_at);

}  // namespace entrepot::cli
