#pragma once
// server/command/program.h — the commands of the program `entrepot`.

#include <span>
#include <string>

namespace entrepot::server {

// Runs the command that `words` (without the program's name) ask for; returns the exit code: 0, 1
// when the command failed, 2 when it was not understood.
int run_program(std::span<const std::string> words);

}  // namespace entrepot::server
