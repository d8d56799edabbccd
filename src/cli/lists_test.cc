#include "cli/lists.h"

#include "base/testing/assert_ok.h"
#include "cli/printed.h"
#include "cli/verb_words.h"

namespace entrepot::cli {
namespace {

constexpr Column kColumns[] = {{"NAME", "name"}, {"SINCE", "at", "never"}, {"FROM", "networks"}};

std::string printed(const List& list, const std::optional<std::string>& next = {}) {
  ::testing::internal::CaptureStdout();
  EXPECT_OK(list.print(next));
  std::fflush(stdout);
  return ::testing::internal::GetCapturedStdout();
}

TEST(List, IsATableForPeople) {
  List list(kColumns, false);
  ASSERT_OK(
      list.add(R"({"name":"alice","at":"2026-11-27T11:05:00.000001Z","networks":["a","b"]})"));
  ASSERT_OK(list.add(R"({"at":null,"name":"b\u001b[2J","more":1})"));
  EXPECT_EQ(printed(list),
            "NAME        SINCE             FROM\n"
            "alice       2026-11-27 11:05  a b\n"
            "b\\u001b[2J  never             -\n");
}

TEST(List, IsOneDocumentForPrograms) {
  List list(kColumns, true);
  EXPECT_EQ(printed(list), "{\"items\":[],\"next\":null}\n");
  ASSERT_OK(list.add(R"({ "name": "alice", "at": null })"));
  ASSERT_OK(list.add(R"({"what":[1]})"));
  EXPECT_EQ(printed(list), R"({"items":[{"name":"alice","at":null},{"what":[1]}],"next":null})"
                           "\n");
  EXPECT_EQ(printed(list, "Nw"),
            R"({"items":[{"name":"alice","at":null},{"what":[1]}],"next":"Nw"})"
            "\n");
}

TEST(List, TakesNoItemsOfAnotherKind) {
  List list(kColumns, false);
  EXPECT_FAILS(InvalidArgument, list.add("7"));
  EXPECT_FAILS(InvalidArgument, list.add(R"({"name":{}})"));
  EXPECT_FAILS(InvalidArgument, list.add("no JSON"));
  EXPECT_EQ(printed(list), "NAME  SINCE  FROM\n");
}

TEST(List, OfTheAuditSaysWhoAndToWhat) {
  List list(audit_columns(), false);
  const char* const records[] = {
      R"({"id":4,"at":"2026-11-27T11:05:00Z","what":"tag.deleted","who":"alice","kind":"user",)"
      R"("client":"10.0.0.7","repository":"a/b","tag":"v1","digest":"sha256:00"})",
      R"({"id":3,"at":"2026-11-27T11:05:00Z","what":"x","kind":"system","repository":"a/b",)"
      R"("digest":"sha256:00"})",
      R"({"id":2,"at":"2026-11-27T11:05:00Z","what":"x","kind":"system","detail":{"to":"bob"}})",
      R"({"id":1,"at":"2026-11-27T11:05:00Z","what":"x","kind":"anonymous"})",
  };
  for (const char* record : records) ASSERT_OK(list.add(record));
  EXPECT_EQ(printed(list),
            "WHEN (UTC)        WHO        FROM      WHAT         OF\n"
            "2026-11-27 11:05  alice      10.0.0.7  tag.deleted  a/b:v1\n"
            "2026-11-27 11:05  system     -         x            a/b@sha256:00\n"
            "2026-11-27 11:05  system     -         x            {\"to\":\"bob\"}\n"
            "2026-11-27 11:05  anonymous  -         x\n");
}

TEST(AuditLimit, IsANumber) {
  EXPECT_EQ(audit_limit(std::nullopt, 7).value(), 7U);
  EXPECT_EQ(audit_limit("1000", 7).value(), 1000U);
  for (const char* wrong : {"", "0", "-1", "ten", "1 ", "99999999999999999999"}) {
    EXPECT_FAILS(InvalidArgument, audit_limit(wrong, 7)) << wrong;
  }
}

TEST(PrintableLines, KeepsLinesAndTakesControls) {
  EXPECT_EQ(printable_lines("# a\n\tb\r\x1b[2J\n"), "# a\n\tb\\u000d\\u001b[2J\n");
  EXPECT_EQ(printable_lines("{\"a\":\"\u009b\"}"), "{\"a\":\"\\u009b\"}") << "the same as JSON";
}

bool fits(std::string_view words, std::string_view names, std::vector<std::string> operands) {
  return are_said(words, names, operands);
}

TEST(VerbWords, InBracketsMayLack) {
  EXPECT_TRUE(fits("list", "[NAMESPACE]", {"list"}));
  EXPECT_TRUE(fits("list", "[NAMESPACE]", {"list", "acme"}));
  EXPECT_FALSE(fits("list", "[NAMESPACE]", {"list", "acme", "web"}));
  EXPECT_FALSE(fits("readme set", "NAME [FILE]", {"readme", "set"}));
  EXPECT_TRUE(fits("readme set", "NAME [FILE]", {"readme", "set", "acme/app"}));
  EXPECT_TRUE(fits("readme set", "NAME [FILE]", {"readme", "set", "acme/app", "-"}));
  EXPECT_FALSE(fits("readme set", "NAME [FILE]", {"readme", "show", "acme/app"}));
}

TEST(TeamWords, ATeamIsOneWord) {
  const auto words = [](std::vector<std::string> operands) { return team_words(operands); };
  EXPECT_EQ(words({"acme/web", "alice"}).value(),
            (std::vector<std::string>{"acme", "web", "alice"}));
  for (const char* wrong : {"web", "/web", "acme/", "/", ""}) {
    EXPECT_FAILS(InvalidArgument, words({wrong})) << wrong;
  }
}

}  // namespace
}  // namespace entrepot::cli
