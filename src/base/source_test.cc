#include "base/source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

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

TEST_F(SourceTest, TellsItsKind) {
  Source bytes(std::make_shared<const std::string>("x"));
  EXPECT_TRUE(bytes.bytes() != nullptr && bytes.file() == nullptr && bytes.stream() == nullptr);
  Source stream = stream_of("x", 1);
  EXPECT_TRUE(stream.bytes() == nullptr && stream.file() == nullptr && stream.stream() != nullptr);
}

}  // namespace
}  // namespace entrepot
