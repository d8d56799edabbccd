#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <regex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace entrepot::log {
namespace {

// A pipe in the place of standard error; puts it and the log's settings back at the end.
class StandardErrorPipe {
 public:
  StandardErrorPipe() : saved_(::dup(STDERR_FILENO)) {
    EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
    ::dup2(ends_[1], STDERR_FILENO);
  }
  ~StandardErrorPipe() {
    ::dup2(saved_, STDERR_FILENO);
    for (const int descriptor : {saved_, ends_[0], ends_[1]}) ::close(descriptor);
    configure(Level::Info, Format::Text);
  }
  StandardErrorPipe(const StandardErrorPipe&) = delete;
  StandardErrorPipe& operator=(const StandardErrorPipe&) = delete;

  // What was written so far.
  std::string read() const {
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    std::string out;
    std::array<char, 65536> buffer{};
    for (;;) {
      const ssize_t got = ::read(ends_[0], buffer.data(), buffer.size());
      if (got <= 0) return out;
      out.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }

  void fill() const {
    ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);
    const std::string page(4096, 'x');
    while (::write(ends_[1], page.data(), page.size()) > 0) continue;
    ::fcntl(ends_[1], F_SETFL, 0);
  }

  void close_reader() {
    ::close(ends_[0]);
    ends_[0] = -1;
  }

 private:
  int saved_;
  std::array<int, 2> ends_ = {-1, -1};
};

std::string escaped(std::string_view text, Format format) {
  std::string out;
  append_escaped(out, text, format);
  return out;
}

TEST(Log, TextLineHasTimeLevelMessage) {
  const StandardErrorPipe pipe;
  info("listening on {}:{}", "127.0.0.1", 5000);
  const std::string line = pipe.read();
  EXPECT_TRUE(std::regex_match(
      line, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z info    listening on )"
                       R"(127\.0\.0\.1:5000\n)")))
      << line;
}

TEST(Log, JsonLineIsOneObject) {
  const StandardErrorPipe pipe;
  configure(Level::Info, Format::Json);
  warning("a \"quoted\" \\ line\nbreak");
  const std::string line = pipe.read();
  EXPECT_TRUE(
      line.ends_with(R"Z(Z","level":"warning","message":"a \"quoted\" \\ line\u000abreak"})Z"
                     "\n"))
      << line;
  EXPECT_TRUE(line.starts_with(R"({"time":"2)")) << line;
}

TEST(Log, BelowTheLevelNothingIsWritten) {
  const StandardErrorPipe pipe;
  debug("hidden");
  configure(Level::Error, Format::Text);
  info("hidden");
  warning("hidden");
  EXPECT_EQ(pipe.read(), "");
  error("shown");
  EXPECT_TRUE(pipe.read().ends_with("error   shown\n"));
  configure(Level::Debug, Format::Text);
  debug("shown");
  EXPECT_TRUE(pipe.read().ends_with("debug   shown\n"));
}

// A client that puts a line break or an escape sequence into a path must not forge a line.
TEST(Log, EscapesWhatClientsSend) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"plain é \U0001f600", "plain é \U0001f600"},
      {"a\nb\r\t", "a\\u000ab\\u000d\\u0009"},
      {"\x1b[31m\x7f", "\\u001b[31m\\u007f"},
      {"\u0080\u009b\u00a0", "\\u0080\\u009b\u00a0"},
      {"\xff\xc3", "\\ufffd\\ufffd"},
  };
  for (const auto& [raw, shown] : cases) {
    EXPECT_EQ(escaped(raw, Format::Text), shown);
    EXPECT_EQ(escaped(raw, Format::Json), shown);
  }
  EXPECT_EQ(escaped("\"\\", Format::Text), "\"\\");
  EXPECT_EQ(escaped("\"\\", Format::Json), "\\\"\\\\");
  EXPECT_EQ(escaped(std::string_view("\0", 1), Format::Text), "\\u0000");
}

TEST(Log, LongLinesAreCutAndStayWhole) {
  for (const Format format : {Format::Text, Format::Json}) {
    const StandardErrorPipe pipe;
    configure(Level::Info, format);
    info("{}", std::string(100'000, '\n'));
    const std::string line = pipe.read();
    EXPECT_LE(line.size(), 4096u);
    EXPECT_GE(line.size(), 4000u);
    EXPECT_TRUE(line.ends_with(format == Format::Json ? "\\u000a…\"}\n" : "\\u000a…\n"));
  }
}

TEST(Log, FullStandardErrorLosesTheLineWithoutWaiting) {
  const StandardErrorPipe pipe;
  pipe.fill();
  const std::uint64_t before = lost_lines();
  info("nobody reads this");
  EXPECT_EQ(lost_lines(), before + 1);
  EXPECT_EQ(pipe.read().find("nobody"), std::string::npos);
  info("there is room again");
  EXPECT_EQ(lost_lines(), before + 1);
}

TEST(Log, StandardErrorWithoutReaderLosesTheLine) {
  StandardErrorPipe pipe;
  pipe.close_reader();
  const std::uint64_t before = lost_lines();
  info("nobody reads this");  // no SIGPIPE either
  EXPECT_EQ(lost_lines(), before + 1);
}

TEST(Log, LinesOfManyThreadsDoNotMix) {
  const StandardErrorPipe pipe;
  const std::uint64_t before = lost_lines();
  std::vector<std::thread> threads(4);
  for (std::size_t i = 0; i < threads.size(); ++i) {
    threads[i] = std::thread([letter = "abcd"[i]] {
      for (int j = 0; j < 50; ++j) info("{}", std::string(50, letter));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(lost_lines(), before);
  const std::string lines = pipe.read();
  const std::regex line(R"(\S+ info    (a{50}|b{50}|c{50}|d{50})\n)");
  const auto begin = std::sregex_iterator(lines.begin(), lines.end(), line);
  std::size_t matched = 0;
  for (auto at = begin; at != std::sregex_iterator(); ++at) matched += at->str().size();
  EXPECT_EQ(matched, lines.size());
  EXPECT_EQ(std::distance(begin, std::sregex_iterator()), 200);
}

}  // namespace
}  // namespace entrepot::log
