#pragma once
// server/command/completion.h — what lets a shell complete the words behind `entrepot`, made from
// the tables of commands and options.

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/configure/command_line.h"

namespace entrepot::server {

// The script for "bash", "zsh" or "fish": to be sourced, or to lie where the shell looks for it. It
// completes commands, the flags of each, the values of flags where there are few, and files and
// directories where one is asked for. InvalidArgument for another shell.
Result<std::string> completion(std::string_view shell, std::span<const Command> commands);

}  // namespace entrepot::server
