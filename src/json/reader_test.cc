#include "json/reader.h"

#include <vector>

#include "base/testing/assert_ok.h"

namespace entrepot::json {
namespace {

constexpr Names<3> kNames = {"name", "size", "tasks"};
enum { kName, kSize, kTasks };

// What is wrong with the text, as "<message>"; "" for nothing. `names` is what it is read for.
std::string problem_of(ByteView text) {
  const auto problem = [&]() -> Result<void> {
    TRY_ASSIGN(const Document document, Document::parse(text, "thing"));
    TRY_ASSIGN(const auto fields, document.root().fields(kNames));
    TRY(fields.require({kName}));
    std::string_view name;
    std::uint64_t size = 0;
    TRY(fields.read(kName, name));
    TRY(fields.read(kSize, size));
    const auto tasks = fields.find(kTasks);
    if (!tasks) return {};
    return tasks->each_element("a list of things", [](const Value& task) -> Result<void> {
      TRY_ASSIGN(const auto inner, task.fields(kNames));
      const auto deeper = inner.find(kName);
      if (!deeper) return inner.require({kName});
      TRY_ASSIGN(const auto deepest, deeper->fields(kNames));
      std::int64_t size_there = 0;
      return deepest.read(kSize, size_there);
    });
  }();
  if (problem) return "";
  EXPECT_EQ(problem.error().code, ErrorCode::InvalidArgument);
  return problem.error().message;
}

TEST(Reader, TellsWhereSomethingIsWrong) {
  EXPECT_EQ(problem_of(R"({"name":"a","size":7,"more":[1,{}],"tasks":[]})"), "");
  EXPECT_EQ(problem_of("[]"), "thing: not a JSON object");
  EXPECT_EQ(problem_of("{}"), "name: is missing");
  EXPECT_EQ(problem_of(R"({"name":null})"), "name: is missing");
  EXPECT_EQ(problem_of(R"({"name":7})"), "name: not a string");
  EXPECT_EQ(problem_of(R"({"name":"a","size":-1})"), "size: not an integer from 0 on");
  EXPECT_EQ(problem_of(R"({"name":"a","tasks":{}})"), "tasks: not a list of things");
  EXPECT_EQ(problem_of(R"({"name":"a","tasks":[{"name":{}},7]})"), "tasks[1]: not a JSON object");
  EXPECT_EQ(problem_of(R"({"name":"a","tasks":[{}]})"), "tasks[0].name: is missing");
  EXPECT_EQ(problem_of(R"({"name":"a","tasks":[{"name":{"size":1.0}}]})"),
            "tasks[0].name.size: not an integer");
}

TEST(Reader, TextThatIsNoJsonIsRefused) {
  EXPECT_EQ(problem_of(""), "thing: no bytes");
  EXPECT_EQ(problem_of("{"), "thing: malformed JSON");
  EXPECT_EQ(problem_of("{\"name\":\"\xff\"}"), "thing: not valid UTF-8");
  EXPECT_EQ(problem_of(R"({"name":"a","more":01})"), "thing: a malformed number");
  EXPECT_EQ(problem_of("{\"name\":\"\x01\"}"), "thing: a malformed string");
  const std::string deep(200, '[');
  EXPECT_EQ(problem_of(deep + std::string(200, ']')), "thing: nested too deeply");
}

// Two readers must not differ, whichever of the two fields they take.
TEST(Reader, NothingAtAllIsRefused) {
  EXPECT_EQ(Document::parse(ByteView(), "body").error().code, ErrorCode::InvalidArgument);
}

TEST(Reader, FieldThatIsThereTwiceIsRefused) {
  EXPECT_EQ(problem_of(R"({"name":"a","name":"a"})"), "name: is there twice");
  EXPECT_EQ(problem_of(R"({"name":"a","size":null,"size":1})"), "size: is there twice");
  EXPECT_EQ(problem_of(R"({"name":"a","Size":1})"), "size: written in other letters");
  EXPECT_EQ(problem_of("{\"name\":\"a\",\"ta\u017f\u212as\":1}"),
            "tasks: written in other letters");
  EXPECT_EQ(problem_of(R"({"name":"a","other":1,"other":2})"), "");
}

TEST(Reader, NumbersThatNobodyReadsHaveNoLargestSize) {
  EXPECT_EQ(problem_of(R"({"name":"a","more":[1e999,123456789012345678901234567890]})"), "");
  EXPECT_EQ(problem_of(R"({"name":"a","size":123456789012345678901234567890})"),
            "size: not an integer from 0 on");
}

TEST(Reader, TellsNullFromAbsence) {
  const auto document = Document::parse(R"({"name":null})", "thing").value();
  const auto fields = document.root().fields(kNames).value();
  EXPECT_TRUE(fields.is_named(kName));
  EXPECT_FALSE(fields.has(kName));
  EXPECT_FALSE(fields.is_named(kSize));
}

TEST(Reader, GoesThroughMembersInTheirOrder) {
  const auto document = Document::parse(R"({"b":"1","a":true,"b":2})", "thing").value();
  std::vector<std::string> keys;
  EXPECT_OK(document.root().each_member("an object",
                                        [&](std::string_view key, const Value&) -> Result<void> {
                                          keys.emplace_back(key);
                                          return {};
                                        }));
  EXPECT_EQ(keys, (std::vector<std::string>{"b", "a", "b"}));
  const auto list = Document::parse("[]", "thing").value();
  const auto none = list.root().each_member(
      "a map", [](std::string_view, const Value&) -> Result<void> { return {}; });
  EXPECT_EQ(none.error().message, "thing: not a map");
}

TEST(Reader, ConvertsNothing) {
  const auto document =
      Document::parse(R"([1, 1.0, "1", true, 18446744073709551615])", "x").value();
  std::vector<int> kinds;
  EXPECT_OK(document.root().each_element("a list", [&](const Value& value) -> Result<void> {
    kinds.push_back((value.as<std::int64_t>() ? 1 : 0) + (value.as<std::uint64_t>() ? 2 : 0) +
                    (value.as<bool>() ? 4 : 0) + (value.as<std::string_view>() ? 8 : 0));
    return {};
  }));
  EXPECT_EQ(kinds, (std::vector<int>{3, 0, 8, 4, 2}));
}

// A document may be handed on; what was taken from it before may not.
TEST(Reader, DocumentsMove) {
  auto document = Document::parse(R"({"name":"a"})", "thing").value();
  const Document moved = std::move(document);
  EXPECT_TRUE(moved.root().fields(kNames)->has(kName));
}

// Deeper than anything that we read.
TEST(Place, TellsTheFirstFourSteps) {
  const Place place = Place("x").at("a").at(0).at("b").at("c");
  EXPECT_EQ(place.text(), "a[0].b.c");
  EXPECT_EQ(place.at("d").text(), "a[0].b.c");
  EXPECT_EQ(Place("x").at(3).text(), "[3]");
}

}  // namespace
}  // namespace entrepot::json
