#include "server/command/completion.h"

#include <fmt/core.h>

#include "base/testing/assert_ok.h"
#include "server/command/program.h"
#include "server/options/options.h"

namespace entrepot::server {
namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Each shell has its own way to write "--name".
std::string as_flag(std::string_view shell, std::string_view name) {
  return fmt::format("{}{}", shell == "fish" ? "-l " : "--", name);
}

class CompletionTest : public ::testing::TestWithParam<const char*> {};

TEST_P(CompletionTest, HasEveryCommandSwitchAndOption) {
  const std::string script = completion(GetParam(), command_table()).value();
  for (const Command& command : command_table()) {
    EXPECT_TRUE(holds(script, std::string(command.name))) << command.name;
    for (const Flag& known : command.flags) {
      EXPECT_TRUE(holds(script, as_flag(GetParam(), known.name))) << known.name;
    }
  }
  for (const Option& option : option_table()) {
    EXPECT_TRUE(holds(script, as_flag(GetParam(), option.path))) << option.path;
    if (!option.flag.empty()) {
      EXPECT_TRUE(holds(script, as_flag(GetParam(), option.flag))) << option.flag;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shells, CompletionTest, ::testing::Values("bash", "zsh", "fish"));

TEST(Completion, QuotesWhatDescriptionsHold) {
  static constexpr Flag kFlags[] = {{"odd", 0, "it's [so] \\ so"}};
  static constexpr Command kCommands[] = {{.name = "try", .text = "Don't.", .flags = kFlags}};
  EXPECT_TRUE(holds(completion("zsh", kCommands).value(), R"('--odd[it'\''s \[so\] \\ so]')"));
  EXPECT_TRUE(holds(completion("fish", kCommands).value(), R"(-d 'it\'s [so] \\ so')"));
}

TEST(Completion, OtherShellsAreUnknown) {
  EXPECT_EQ(completion("csh", command_table()).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(completion("", command_table()).error().code, ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace entrepot::server
