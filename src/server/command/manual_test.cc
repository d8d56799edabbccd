#include "server/command/manual.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "server/command/program.h"
#include "server/options/options.h"

namespace entrepot::server {
namespace {

std::string page() { return manual(command_table(), "1.2.3"); }

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Manual, HasEveryCommandWithItsFlags) {
  const std::string text = page();
  for (const Command& command : command_table()) {
    EXPECT_TRUE(holds(text, fmt::format("\n\\fBentrepot {}\\fR", roff_text(command.name))))
        << command.name;
    EXPECT_TRUE(
        holds(text, fmt::format(".SS {}\n{}\n", roff_text(command.name), roff_text(command.text))))
        << command.name;
    for (const Flag& known : command.flags) {
      const std::string value =
          known.value.empty() ? "" : fmt::format(" \\fI{}\\fR", roff_text(known.value));
      EXPECT_TRUE(holds(text, fmt::format("\\-\\-{}\\fR{}\n{}\n", roff_text(known.name), value,
                                          roff_text(known.text))))
          << known.name;
    }
  }
}

TEST(Manual, HasEveryVerb) {
  const std::string text = page();
  std::size_t verbs = 0;
  for (const Command& command : command_table()) {
    if (command.verbs == nullptr) continue;
    std::set<std::string> first;
    for (const std::string& verb : command.verbs()) {
      EXPECT_TRUE(
          holds(text, fmt::format("\nentrepot {} {}\n", roff_text(command.name), roff_text(verb))))
          << command.name << " " << verb;
      first.insert(verb.substr(0, verb.find(' ')));
      ++verbs;
    }
    // What the shells complete.
    std::set<std::string> operands;
    std::stringstream choices{std::string(command.operands)};
    for (std::string word; std::getline(choices, word, '|');) operands.insert(word);
    EXPECT_EQ(operands, first) << command.name;
  }
  EXPECT_GT(verbs, 40U);
}

TEST(Manual, TheReferencePageIsTheTable) {
  std::ifstream file("docs/reference/commands.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str() == commands_markdown(command_table()))
      << "write it anew: entrepot manual --markdown > docs/reference/commands.md";
}

TEST(Manual, HasEveryOptionWithItsDefault) {
  const std::string text = page();
  for (const Option& option : option_table()) {
    const std::string initial =
        option.initial.empty() ? "" : fmt::format("Default: {}. ", roff_text(option.initial));
    EXPECT_TRUE(holds(text, fmt::format("\\fB\\-\\-{}\\fR \\fI{}\\fR\n{}\n.br\n{}Variable: {}.\n",
                                        roff_text(option.path), roff_text(value_name(option)),
                                        roff_text(option.text), initial, environment_name(option))))
        << option.path;
  }
}

TEST(Manual, HasTheSectionsThatAreUsual) {
  const std::string text = page();
  std::size_t last = 0;
  for (const char* section : {"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS",
                              "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO"}) {
    const std::size_t at = text.find(fmt::format("\n.SH {}\n", section));
    ASSERT_NE(at, std::string::npos) << section;
    EXPECT_GT(at, last) << section;
    last = at;
  }
  EXPECT_TRUE(holds(text, "\"entrepot 1.2.3\""));
}

TEST(Manual, IsAscii) {
  const std::string text = page();
  EXPECT_TRUE(std::all_of(text.begin(), text.end(),
                          [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
}

TEST(Manual, TextIsShownLetterForLetter) {
  EXPECT_EQ(roff_text("--data"), "\\-\\-data");
  EXPECT_EQ(roff_text("a\\n"), "a\\en");
  EXPECT_EQ(roff_text(".TP begins. This ends."), "\\&.TP begins. This ends.");
  EXPECT_EQ(roff_text("'x' is no request"), "\\(aqx\\(aq is no request");
  EXPECT_EQ(roff_text("say \"no\""), "say \\(dqno\\(dq");
  EXPECT_EQ(roff_text("~^"), "\\(ti\\(ha");
  EXPECT_EQ(roff_text("(`serve` does)"), "(\\fBserve\\fR does)");
}

}  // namespace
}  // namespace entrepot::server
