#include "server/command/commands.h"

#include <cstdio>

#include <fmt/core.h>

#include "base/log.h"

namespace entrepot::server {
namespace {

log::Level log_level(const Options& options) {
  if (options.log_level == "debug") return log::Level::Debug;
  if (options.log_level == "warning") return log::Level::Warning;
  return options.log_level == "error" ? log::Level::Error : log::Level::Info;
}

}  // namespace

int tell_failure(const Error& error) {
  fmt::print(stderr, "entrepot: {}\n", error.message);
  return 1;
}

int tell_by_code(const Error& error) {
  tell_failure(error);
  switch (error.code) {
    case ErrorCode::InvalidArgument:
      return kNotUnderstood;
    case ErrorCode::NotFound:
      return kNotThere;
    case ErrorCode::Unauthenticated:
    case ErrorCode::Denied:
      return kRefused;
    default:
      return 1;
  }
}

std::optional<std::string> first_operand(const Arguments& arguments) {
  if (arguments.operands.empty()) return std::nullopt;
  return arguments.operands.front();
}

Result<Configuration> read_configuration(const Arguments& arguments,
                                         std::optional<std::string> file) {
  ConfigurationSources sources;
  sources.file = std::move(file);
  sources.environment = process_environment();
  sources.flags = arguments.settings;
  return load_configuration(sources);
}

Result<Configuration> configure(const Arguments& arguments, std::optional<std::string> file) {
  TRY_ASSIGN(Configuration configuration, read_configuration(arguments, std::move(file)));
  const Options& options = configuration.options;
  log::configure(log_level(options),
                 options.log_format == "json" ? log::Format::Json : log::Format::Text);
  for (const std::string& warning : configuration.warnings) log::warning("{}", warning);
  return configuration;
}

}  // namespace entrepot::server
