#include "cli/run.h"

#include <atomic>

#include "base/testing/assert_ok.h"
#include "cli/api.h"
#include "http/server/testing/server_fixture.h"

namespace entrepot::cli {
namespace {

using http::Reply;
using http::Response;

// A server that answers /audit as it likes.
class AuditOfAServerTest : public http::server::testing::ServerFixture {
 protected:
  template <class Answer>
  void answers(const Answer& answer) {
    handler.on_worker["/api/v1/audit"] = [=, this](Context&,
                                                   const http::Request& request) -> Reply {
      queries.emplace_back(request.query());
      return Response::text(200, "application/json", answer(++pages));
    };
    start();
  }

  Result<void> run(const std::string& verb, std::map<std::string, std::string> flags = {}) {
    ::testing::internal::CaptureStdout();
    auto done = cli::run({.command = "audit", .operands = {verb}, .flags = std::move(flags)},
                         {.url = fmt::format("http://localhost:{}", port),
                          .user = "alice",
                          .header_name = "Cookie",
                          .header_value = "entrepot=1"});
    std::fflush(stdout);
    printed = ::testing::internal::GetCapturedStdout();
    return done;
  }

  static std::string record(int id) {
    return fmt::format(R"({{"id":{},"at":"2026-11-27T11:05:00Z","what":"x","kind":"system"}})", id);
  }
  static std::string page(const std::string& items, bool is_last) {
    return fmt::format(R"({{"items":[{}],"next":{}}})", items, is_last ? "null" : "\"more\"");
  }

  std::atomic<int> pages = 0;
  std::vector<std::string> queries;
  std::string printed;
};

TEST_F(AuditOfAServerTest, AnExportHasThePagesBehindEmptyOnes) {
  answers([](int number) {
    return page(number == 2   ? record(7) + "," + record(5)
                : number == 4 ? record(1)
                              : "",
                number == 4);
  });
  ASSERT_OK(run("export", {{"what", "tag"}, {"namespace", "a b"}}));
  EXPECT_EQ(printed, record(7) + "\n" + record(5) + "\n" + record(1) + "\n");
  EXPECT_EQ(queries.at(0), "what=tag&namespace=a%20b&limit=100");
  EXPECT_EQ(queries.at(3), "what=tag&namespace=a%20b&limit=100&after=more");
}

TEST_F(AuditOfAServerTest, AnExportEndsThatTheServerNeverEnds) {
  answers([](int) { return page("", false); });
  EXPECT_FAILS(TooLarge, run("export"));
  EXPECT_EQ(static_cast<std::size_t>(pages), Api::kMostPages);
}

TEST_F(AuditOfAServerTest, AnExportEndsThatGoesRound) {
  answers([](int) { return page(record(3), false); });
  EXPECT_FAILS(Internal, run("export"));
  EXPECT_EQ(pages, 2);
}

TEST_F(AuditOfAServerTest, AListIsNoLongerThanItsLimit) {
  answers([](int) { return page(record(3) + "," + record(2), false); });
  ASSERT_OK(run("list", {{"limit", "2"}, {"json", ""}}));
  EXPECT_EQ(printed, page(record(3) + "," + record(2), false) + "\n");
  EXPECT_EQ(queries.at(0), "limit=2");
  EXPECT_FAILS(Internal, run("list", {{"limit", "1"}}));
  EXPECT_EQ(printed, "") << "nothing of a list that failed";
  EXPECT_FAILS(InvalidArgument, run("list", {{"limit", "none"}}));
}

TEST(Run, KnowsWhatAServerIsAskedFor) {
  EXPECT_TRUE(knows({.command = "audit", .operands = {"export"}, .flags = {}}));
  EXPECT_TRUE(knows({.command = "repo", .operands = {"list", "acme"}, .flags = {}}));
  EXPECT_FALSE(knows({.command = "audit", .operands = {"verify"}, .flags = {}}));
  EXPECT_FALSE(knows({.command = "keys", .operands = {"list"}, .flags = {}}));
}

}  // namespace
}  // namespace entrepot::cli
