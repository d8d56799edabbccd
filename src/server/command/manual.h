#pragma once
// server/command/manual.h — entrepot(1), made from the tables of commands and options.

#include <span>
#include <string>
#include <string_view>

#include "server/configure/command_line.h"

namespace entrepot::server {

// The page in the macros of man(7), ASCII alone, without a date: the same program gives the same
// bytes.
std::string manual(std::span<const Command> commands, std::string_view version);

// docs/reference/commands.md: what stands in the page's COMMANDS and EXIT STATUS.
std::string commands_markdown(std::span<const Command> commands);

// Text as a page shows it, letter for letter, wherever it stands in a line; what is between
// backquotes becomes bold. For text of the tables.
std::string roff_text(std::string_view text);

}  // namespace entrepot::server
