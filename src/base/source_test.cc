#include "base/source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <thread>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"

namespace entrepot {
namespace {

// Gives `text` in pieces of `piece_bytes`, then the end, or the error if there is one.
class PieceStream final : public ByteStream {
 public:
  PieceStream(std::string text, std::size_t piece_bytes, std::optional<ErrorCode> failure = {})
      : text_(std::move(text)), piece_bytes_(piece_bytes), failure_(failure) {}

  Result<std::size_t> read(Context& context, std::span<char> buffer) override {
    TRY(context.alive());
    const std::size_t count = std::min({piece_bytes_, buffer.size(), text_.size() - done_});
    if (count == 0 && failure_) return fail(*failure_, "the stream broke");
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(done_), count, buffer.begin());
    done_ += count;
    return count;
  }

 private:
  const std::string text_;
  const std::size_t piece_bytes_;
  const std::optional<ErrorCode> failure_;
  std::size_t done_ = 0;
};

Source stream_of(std::string text, std::uint64_t size_bytes,
                 std::optional<ErrorCode> failure = {}) {
  return Source(
      StreamRange{std::make_unique<PieceStream>(std::move(text), 3, failure), size_bytes});
}

class SourceTest : public ::testing::Test {
 protected:
  std::shared_ptr<const OpenFile> file_of(std::string_view text) {
    const std::string path = directory_ / "file";
    std::ofstream(path) << text;
    return std::make_shared<OpenFile>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  }

  testing::TemporaryDirectory directory_;
  Context context_;
};

// Two ranges of a file, the second first, with texts around them.
class TwoPieces final : public FilePieces {
 public:
  explicit TwoPieces(std::shared_ptr<const OpenFile> file, std::uint64_t length = 3)
      : file_(std::move(file)), length_(length) {}
  const OpenFile& file() const override { return *file_; }
  std::size_t count() const override { return 3; }
  Piece piece(std::size_t index) const override {
    if (index == 0) return {"<", {6, 2}};
    if (index == 1) return {"|", {1, length_}};
    return {">", {}};
  }
  std::uint64_t size_bytes() const override { return 5 + length_; }

 private:
  const std::shared_ptr<const OpenFile> file_;
  const std::uint64_t length_;
};

TEST_F(SourceTest, ReadsThePiecesOfAFileWithTheirTexts) {
  Source pieces(std::make_unique<TwoPieces>(file_of("0123456789")));
  EXPECT_EQ(pieces.size_bytes(), 8U);
  EXPECT_EQ(read_all(context_, pieces, 8).value(), "<67|123>");
  EXPECT_EQ(read_all(context_, pieces, 7).error().code, ErrorCode::TooLarge);
  Source too_long(std::make_unique<TwoPieces>(file_of("0123456789"), 10));
  EXPECT_EQ(read_all(context_, too_long, 100).error().code, ErrorCode::Corrupt);
}

TEST_F(SourceTest, ReadsBytesFilesAndStreams) {
  Source empty;
  Source bytes(std::make_shared<const std::string>("in memory"));
  Source file(FileRange{file_of("0123456789"), {.offset_bytes = 2, .length_bytes = 5}});
  Source stream = stream_of("piece by piece", 14);
  for (auto& [source, text] : {std::pair<Source*, std::string_view>{&empty, ""},
                               {&bytes, "in memory"},
                               {&file, "23456"},
                               {&stream, "piece by piece"}}) {
    EXPECT_EQ(source->size_bytes(), text.size());
    const auto all = read_all(context_, *source, 100);
    ASSERT_OK(all);
    EXPECT_EQ(*all, text);
  }
}

TEST_F(SourceTest, TheLimitIsInclusive) {
  Source bytes(std::make_shared<const std::string>("12345"));
  EXPECT_OK(read_all(context_, bytes, 5));
  EXPECT_FAILS(TooLarge, read_all(context_, bytes, 4));
  // Nothing is set aside for a size that is past the limit.
  Source huge = stream_of("", ~std::uint64_t{0});
  EXPECT_FAILS(TooLarge, read_all(context_, huge, 1 << 20));
}

// Half an answer is none.
TEST_F(SourceTest, EndingEarlyIsCorrupt) {
  Source file(FileRange{file_of("0123456789"), {.offset_bytes = 8, .length_bytes = 3}});
  EXPECT_FAILS(Corrupt, read_all(context_, file, 100));
  Source stream = stream_of("short", 6);
  EXPECT_FAILS(Corrupt, read_all(context_, stream, 100));
}

TEST_F(SourceTest, ErrorsOfStreamsAndFilesAreHandedUp) {
  Source broken = stream_of("half", 8, ErrorCode::Unavailable);
  EXPECT_FAILS(Unavailable, read_all(context_, broken, 100));
  Source closed(FileRange{std::make_shared<OpenFile>(-1), {.offset_bytes = 0, .length_bytes = 1}});
  EXPECT_FAILS(Unavailable, read_all(context_, closed, 100));
  context_.cancel();
  Source stream = stream_of("text", 4);
  EXPECT_FAILS(Cancelled, read_all(context_, stream, 100));
}

TEST_F(SourceTest, FileClosesWithItsLastOwner) {
  auto file = file_of("x");
  const int descriptor = file->descriptor();
  {
    const Source source(FileRange{std::move(file), {.offset_bytes = 0, .length_bytes = 1}});
    EXPECT_NE(::fcntl(descriptor, F_GETFD), -1);
  }
  EXPECT_EQ(::fcntl(descriptor, F_GETFD), -1);
}

TEST_F(SourceTest, WhatStillGrowsIsOnlySent) {
  const auto growing = std::make_shared<GrowingFile>(file_of("0123456789"), 10);
  growing->grow(10);
  Source source(GrowingRange{growing, {.offset_bytes = 2, .length_bytes = 5}});
  EXPECT_EQ(source.size_bytes(), 5U);
  char byte = 0;
  EXPECT_FAILS(Unsupported, read_some(context_, source, 0, {&byte, 1}));
  EXPECT_FAILS(Unsupported, read_all(context_, source, 100));
  EXPECT_FAILS(TooLarge, read_all(context_, source, 4));
  Source pieces(std::make_unique<TwoPieces>(file_of("0123456789")));
  EXPECT_FAILS(Unsupported, read_some(context_, pieces, 0, {&byte, 1}));
}

TEST_F(SourceTest, TellsItsKind) {
  Source bytes(std::make_shared<const std::string>("x"));
  EXPECT_TRUE(bytes.bytes() != nullptr && bytes.file() == nullptr && bytes.stream() == nullptr);
  Source stream = stream_of("x", 1);
  EXPECT_TRUE(stream.bytes() == nullptr && stream.file() == nullptr && stream.stream() != nullptr);
}

class GrowingFileTest : public ::testing::Test {
 protected:
  // Asks for more than `known`, and counts when it is woken.
  Result<std::uint64_t> ask(std::uint64_t known) {
    return file_.available(known, [this] { ++woken_; });
  }

  GrowingFile file_{std::make_shared<OpenFile>(-1), 10};
  int woken_ = 0;
};

TEST_F(GrowingFileTest, WakesOnceWhoHasAllThatIsThere) {
  EXPECT_EQ(ask(0).value(), 0U);
  EXPECT_EQ(ask(0).value(), 0U);
  file_.grow(0);
  EXPECT_EQ(woken_, 0);
  file_.grow(4);
  EXPECT_EQ(woken_, 2);
  file_.grow(5);
  EXPECT_EQ(woken_, 2);
}

TEST_F(GrowingFileTest, TellsAtOnceWhatIsMore) {
  file_.grow(4);
  EXPECT_EQ(ask(3).value(), 4U);
  file_.grow(6);
  EXPECT_EQ(woken_, 0);
}

// Who wants what is far ahead asks again.
TEST_F(GrowingFileTest, WakesWhenItGrewThoughNotEnough) {
  EXPECT_EQ(ask(8).value(), 0U);
  file_.grow(4);
  EXPECT_EQ(woken_, 1);
  EXPECT_EQ(ask(8).value(), 4U);
  file_.grow(9);
  EXPECT_EQ(woken_, 2);
  EXPECT_EQ(ask(8).value(), 9U);
}

TEST_F(GrowingFileTest, WhenItIsWholeNobodyWaits) {
  EXPECT_EQ(ask(0).value(), 0U);
  file_.grow(10);
  EXPECT_EQ(woken_, 1);
  EXPECT_EQ(ask(0).value(), 10U);
  EXPECT_EQ(ask(10).value(), 10U);
  file_.fail(Error{ErrorCode::Unavailable, "too late to matter"});
  EXPECT_EQ(ask(10).value(), 10U);
  EXPECT_EQ(woken_, 1);
}

TEST_F(GrowingFileTest, AFailureComesBehindWhatIsThere) {
  file_.grow(4);
  EXPECT_EQ(ask(4).value(), 4U);
  file_.fail(Error{ErrorCode::Timeout, "silent for too long"});
  EXPECT_EQ(woken_, 1);
  EXPECT_EQ(ask(3).value(), 4U);
  EXPECT_FAILS(Timeout, ask(4));
  file_.fail(Error{ErrorCode::Corrupt, "the first one counts"});
  EXPECT_FAILS(Timeout, ask(4));
}

TEST_F(GrowingFileTest, WhoAsksWhileItGrowsMissesNothing) {
  constexpr int kReaders = 4;
  GrowingFile file(std::make_shared<OpenFile>(-1), 10'000);
  std::vector<std::thread> readers;
  std::atomic<int> whole = 0;
  for (int i = 0; i < kReaders; ++i) {
    readers.emplace_back([&] {
      for (std::uint64_t known = 0; known < file.size_bytes();) {
        auto woken = std::make_shared<std::promise<void>>();
        const auto there = file.available(known, [woken] { woken->set_value(); });
        ASSERT_OK(there);
        if (*there > known) {
          known = *there;
        } else {
          woken->get_future().wait();
        }
      }
      ++whole;
    });
  }
  for (std::uint64_t to = 1; to <= file.size_bytes(); ++to) file.grow(to);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(whole, kReaders);
}

}  // namespace
}  // namespace entrepot
