#include "server/configure/command_line.h"

#include "base/testing/assert_ok.h"

namespace entrepot::server {
namespace {

constexpr Flag kFlags[] = {
    {"dry-run", 'd', "only look"}, {"quiet", 'q', "say less"}, {"to", 0, "write there", "FILE"}};
constexpr Command kCommands[] = {
    {.name = "serve",
     .operands = "[FILE]",
     .max_operands = 1,
     .text = "Serve.",
     .takes_options = true},
    {.name = "gc",
     .operands = "[FILE]",
     .max_operands = 1,
     .text = "Collect.",
     .flags = kFlags,
     .takes_options = true},
    {.name = "version", .text = "Say the version."},
};

Result<Arguments> parse(std::vector<std::string> words) {
  return parse_command_line(kCommands, words);
}
std::string error_of(std::vector<std::string> words) {
  const auto parsed = parse(std::move(words));
  return parsed ? "no error" : parsed.error().message;
}

TEST(CommandLine, FlagsSetOptions) {
  const auto arguments = parse({"serve", "--data", "/d", "--listen=:1", "file.yml", "--listen",
                                "[::1]:2", "--open", "--http.idle_timeout", "9s"})
                             .value();
  EXPECT_EQ(arguments.command->name, "serve");
  EXPECT_EQ(arguments.operands, std::vector<std::string>{"file.yml"});
  Options options = initial_options();
  for (const Setting& setting : arguments.settings) ASSERT_OK(apply(setting, options));
  EXPECT_EQ(options.data, "/d");
  EXPECT_EQ(options.http_listen, (std::vector<ListenAddress>{{"", 1}, {"::1", 2}}));
  EXPECT_TRUE(options.open);
  EXPECT_EQ(options.http_idle_timeout, std::chrono::seconds(9));
}

TEST(CommandLine, SwitchOptionsNeedNoValueAndMayHaveOne) {
  EXPECT_EQ(parse({"serve", "--open=false"})->settings.at(0).values.at(0), "false");
  EXPECT_EQ(parse({"serve", "--open", "false"})->settings.at(0).values.at(0), "false");
  EXPECT_EQ(parse({"serve", "--open", "file.yml"})->operands.at(0), "file.yml");
}

TEST(CommandLine, SwitchesHaveLetters) {
  const auto arguments = parse({"gc", "-dq", "file.yml"}).value();
  EXPECT_TRUE(arguments.has("dry-run"));
  EXPECT_TRUE(arguments.has("quiet"));
  EXPECT_FALSE(parse({"gc", "--quiet"})->has("dry-run"));
}

TEST(CommandLine, FlagsOfACommandMayNeedAValue) {
  EXPECT_EQ(parse({"gc", "--to", "a.db", "-q"})->value("to"), "a.db");
  EXPECT_EQ(parse({"gc", "--to=a.db", "--to="})->value("to"), "");
  EXPECT_FALSE(parse({"gc", "-q"})->value("to"));
  EXPECT_EQ(error_of({"gc", "--to"}), "--to needs a value");
  EXPECT_EQ(error_of({"serve", "--to", "a.db"}), "serve has no flag --to");
  EXPECT_NE(help(kCommands[1]).find("--to FILE"), std::string::npos);
}

// As the flags of distribution's registry do; cron jobs are full of them.
TEST(CommandLine, SwitchesMayHaveAValue) {
  for (const char* on : {"--dry-run=true", "--dry-run=1", "--dry-run=T", "-d=true", "-d=TRUE",
                         "-qd=t", "--dry-run"}) {
    EXPECT_TRUE(parse({"gc", on})->has("dry-run")) << on;
  }
  for (const char* off : {"--dry-run=false", "-d=false", "-d=F", "-qd=0"}) {
    EXPECT_FALSE(parse({"gc", off})->has("dry-run")) << off;
  }
  EXPECT_TRUE(parse({"gc", "-qd=false"})->has("quiet"));
  EXPECT_FALSE(parse({"gc", "-d", "--dry-run=false"})->has("dry-run"));
  EXPECT_TRUE(parse({"gc", "-d=false", "-d"})->has("dry-run"));
  EXPECT_EQ(parse({"gc", "-d=true", "config.yml"})->operands.at(0), "config.yml");
  EXPECT_TRUE(parse({"gc", "--help=true"})->help);
  EXPECT_FALSE(parse({"gc", "--help=false"})->help);
}

TEST(CommandLine, ErrorsSuggest) {
  EXPECT_EQ(error_of({"sreve"}), "there is no command \"sreve\"; did you mean \"serve\"?");
  EXPECT_EQ(error_of({"serve", "--lisen", ":1"}),
            "serve has no flag --lisen; did you mean --listen?");
  EXPECT_EQ(error_of({"serve", "--data"}), "--data needs a value");
  EXPECT_EQ(error_of({"serve", "a", "b"}), "\"b\": serve takes 1 operand");
  EXPECT_EQ(error_of({"version", "a"}), "\"a\": version takes no operands");
  EXPECT_EQ(error_of({"version", "--data", "x"}), "version has no flag --data");
  EXPECT_EQ(error_of({"gc", "-x"}), "-x: gc has no flag -x");
  EXPECT_EQ(error_of({"gc", "--dry-run=maybe"}), "--dry-run: \"maybe\" is neither true nor false");
  EXPECT_EQ(error_of({"gc", "-q="}), "-q: \"\" is neither true nor false");
  EXPECT_EQ(error_of({"gc", "-=true"}), "\"-=true\" is no flag");
}

TEST(CommandLine, HabitsFromElsewhereAreLedToTheWord) {
  for (const char* flag : {"--port", "--addr", "--bind", "--listen-address"}) {
    EXPECT_EQ(error_of({"serve", flag, "5000"}),
              fmt::format("serve has no flag {}; did you mean --listen?", flag));
  }
  EXPECT_EQ(error_of({"serve", "-p", "5000"}), "-p: serve has no flag -p; did you mean --listen?");
  EXPECT_EQ(error_of({"serve", "--tls-cert", "x"}),
            "serve has no flag --tls-cert; did you mean --http.tls.certificate?");
  EXPECT_EQ(error_of({"serve", "--config", "x.yml"}),
            "serve has no flag --config; a configuration file is named without a flag: entrepot "
            "serve FILE");
  EXPECT_EQ(error_of({"serve", "--replicas", "3"}), "serve has no flag --replicas");
  EXPECT_EQ(error_of({"start"}), "there is no command \"start\"; did you mean \"serve\"?");
  EXPECT_EQ(error_of({"run"}), "there is no command \"run\"; did you mean \"serve\"?");
  for (const char* nothing : {"ls", "list", "login", "push"}) {
    EXPECT_EQ(error_of({nothing}), fmt::format("there is no command \"{}\"", nothing));
  }
}

TEST(CommandLine, HelpNamesTheOptionsThatACommandGoesBy) {
  constexpr std::string_view kFew[] = {"data", "collect.delay"};
  const Command command{.name = "gc", .text = "Collect.", .takes_options = true, .options = kFew};
  const std::string text = help(command);
  EXPECT_NE(text.find("--collect.delay DURATION"), std::string::npos) << text;
  EXPECT_NE(text.find("Default: 24h."), std::string::npos);
  EXPECT_EQ(text.find("--listen"), std::string::npos);
  EXPECT_NE(text.find("change nothing here"), std::string::npos);
}

TEST(CommandLine, HelpIsOfferedEverywhere) {
  for (const auto& words : {std::vector<std::string>{}, {"help"}, {"--help"}, {"-h"}}) {
    const auto arguments = parse(words).value();
    EXPECT_TRUE(arguments.help);
    EXPECT_EQ(arguments.command, nullptr);
  }
  EXPECT_EQ(parse({"help", "gc"})->command->name, "gc");
  EXPECT_TRUE(parse({"gc", "--help"})->help);
  EXPECT_EQ(parse({"--version"})->command->name, "version");
  EXPECT_EQ(parse({"-v"})->command->name, "version");
  EXPECT_NE(help(kCommands).find("  serve            Serve.\n"), std::string::npos);
  EXPECT_NE(help(kCommands[1]).find("-d, --dry-run"), std::string::npos);
  EXPECT_NE(help(kCommands[0]).find("--listen ADDRESS"), std::string::npos);
  EXPECT_NE(help(kCommands[0]).find(" Default: 127.0.0.1:5000."), std::string::npos);
}

TEST(CommandLine, TwoDashesEndTheFlags) {
  EXPECT_EQ(parse({"serve", "--", "--odd-name"})->operands.at(0), "--odd-name");
}

}  // namespace
}  // namespace entrepot::server
