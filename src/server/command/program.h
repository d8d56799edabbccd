#pragma once
// server/command/program.h — the commands of the program `entrepot`.

#include <span>
#include <string>

#include "server/configure/command_line.h"

namespace entrepot::server {

// All commands, in the order in which a reader meets them.
std::span<const Command> command_table();

// Runs the command that `words` (without the program's name) ask for; returns the exit code: 0, 1
// when the command failed, 2 when it was not understood.
int run_program(std::span<const std::string> words);

}  // namespace entrepot::server
