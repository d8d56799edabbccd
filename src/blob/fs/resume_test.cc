// How uploads go on after a kill, a restart of the machine, and damage.

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"
#include "blob/fs/internal/layout.h"
#include "blob/fs/store.h"
#include "blob/testing/store_conformance.h"

namespace entrepot::blob::fs::testing {
namespace {

using blob::testing::sample_bytes;
using entrepot::testing::TemporaryDirectory;

Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator(file), {});
}

void write_file(const std::string& path, ByteView bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class FsResume : public ::testing::Test {
 protected:
  FsResume() { open_again(directory_, "this boot"); }

  void open_again(const TemporaryDirectory& directory, const std::string& boot_id) {
    store_ =
        FsBlobStore::open({.directory = directory.path(), .reserve_bytes = 0, .boot_id = boot_id})
            .value();
  }

  // What a process finds whose predecessor was killed just now: all that was written, nothing that
  // only the predecessor knew.
  void kill_and_restart(const std::string& boot_id = "this boot") {
    std::filesystem::copy(directory_.path(), after_kill_.path(),
                          std::filesystem::copy_options::recursive);
    writer_.reset();
    open_again(after_kill_, boot_id);
  }

  void start(HashAlgorithm also = HashAlgorithm::Sha256) {
    writer_ = store_->start(context_, id_, also).value();
  }
  void resume() { writer_ = store_->resume(context_, id_).value(); }
  void write(ByteView bytes) { ASSERT_OK(writer_->write(context_, bytes)); }
  void pause() { ASSERT_OK(writer_->pause(context_)); }

  std::string data_file() const { return directory_ / layout::upload_file(id_); }
  std::string state_file() const { return directory_ / layout::upload_state_file(id_); }

  // The session goes on at `offset`, with the hash of what is before it, as its status said; and
  // with the rest of `bytes` it becomes the blob.
  void expect_goes_on(std::uint64_t offset, ByteView bytes) {
    EXPECT_EQ(store_->upload_offset(context_, id_).value(), offset);
    resume();
    ASSERT_EQ(writer_->offset_bytes(), offset);
    EXPECT_EQ(writer_->digest(), Digest::of(bytes.substr(0, offset)));
    write(bytes.substr(offset));
    EXPECT_OK(writer_->commit(context_, Digest::of(bytes)));
  }

  const UploadId id_ = UploadId::random();
  const TemporaryDirectory directory_ = TemporaryDirectory::in_memory();
  const TemporaryDirectory after_kill_ = TemporaryDirectory::in_memory();
  Context context_;
  std::unique_ptr<FsBlobStore> store_;
  std::unique_ptr<Upload> writer_;
};

// What nobody was told of, and nothing proves, does not count.
TEST_F(FsResume, KilledWriterThatNeverPausedStartsAgain) {
  const Bytes bytes = sample_bytes(600'000, 1);
  start();
  write(ByteView(bytes).substr(0, 500'000));
  kill_and_restart();
  expect_goes_on(0, bytes);
}

TEST_F(FsResume, KilledWriterGoesOnAtItsLastPause) {
  const Bytes bytes = sample_bytes(3000, 2);
  start();
  write(ByteView(bytes).substr(0, 1000));
  pause();
  resume();
  write(ByteView(bytes).substr(1000, 1000));
  kill_and_restart();
  expect_goes_on(1000, bytes);
}

// The state may speak of bytes that the power cut took back.
TEST_F(FsResume, AnotherBootStartsAgainAfterALoss) {
  const Bytes bytes = sample_bytes(3000, 3);
  start(HashAlgorithm::Sha512);
  write(ByteView(bytes).substr(0, 1000));
  pause();
  Bytes lost = bytes.substr(0, 1000);
  lost.replace(500, 500, Bytes(500, '\0'));
  write_file(data_file(), lost);
  kill_and_restart("next boot");
  expect_goes_on(0, bytes);
}

TEST_F(FsResume, AnotherBootWithoutALossIsProvedOnce) {
  const Bytes bytes = sample_bytes(3000, 3);
  start(HashAlgorithm::Sha512);
  write(ByteView(bytes).substr(0, 1000));
  pause();
  kill_and_restart("next boot");
  Context gone;
  gone.cancel();
  EXPECT_FAILS(Cancelled, store_->upload_offset(gone, id_));
  EXPECT_EQ(store_->upload_offset(context_, id_).value(), 1000u);
  EXPECT_EQ(store_->upload_offset(gone, id_).value(), 1000u);
  resume();
  write(ByteView(bytes).substr(1000));
  EXPECT_OK(writer_->commit(context_, Digest::of(bytes, HashAlgorithm::Sha512)));
}

TEST_F(FsResume, AnotherBootGoesOnWithWholeBytes) {
  const Bytes bytes = sample_bytes(3000, 4);
  start();
  write(ByteView(bytes).substr(0, 1000));
  pause();
  kill_and_restart("next boot");
  expect_goes_on(1000, bytes);
}

TEST_F(FsResume, FileShorterThanItsOffsetStartsAgain) {
  const Bytes bytes = sample_bytes(3000, 5);
  start();
  write(ByteView(bytes).substr(0, 2000));
  pause();
  std::filesystem::resize_file(data_file(), 700);
  expect_goes_on(0, bytes);
}

TEST_F(FsResume, MissingStateStartsAgain) {
  const Bytes bytes = sample_bytes(3000, 6);
  start();
  write(ByteView(bytes).substr(0, 2000));
  pause();
  std::filesystem::remove(state_file());
  expect_goes_on(0, bytes);
}

// Every octet of the state, damaged in turn.
TEST_F(FsResume, DamagedStateIsNeverBelieved) {
  const Bytes bytes = sample_bytes(300, 7);
  start(HashAlgorithm::Sha512);
  write(bytes);
  pause();
  const Bytes state = read_file(state_file());
  ASSERT_GT(state.size(), 100u);
  for (std::size_t at = 0; at < state.size(); ++at) {
    Bytes damaged = state;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    write_file(data_file(), bytes);
    write_file(state_file(), at % 2 == 0 ? damaged : damaged.substr(0, at));
    EXPECT_EQ(store_->upload_offset(context_, id_).value(), 0u);
    resume();
    ASSERT_EQ(writer_->digest(), Digest::of(""));
    pause();
  }
  write_file(data_file(), bytes);
  write_file(state_file(), state);
  resume();
  EXPECT_OK(writer_->commit(context_, Digest::of(bytes, HashAlgorithm::Sha512)));
}

// Nothing is started again because of a disk that does not answer just now.
TEST_F(FsResume, StateThatCannotBeReadKeepsTheSession) {
  const Bytes bytes = sample_bytes(3000, 6);
  start();
  write(ByteView(bytes).substr(0, 2000));
  pause();
  std::filesystem::rename(state_file(), state_file() + ".aside");
  std::filesystem::create_symlink(state_file(), state_file());  // fails to open, but is there
  EXPECT_FAILS(Unavailable, store_->upload_offset(context_, id_));
  EXPECT_FAILS(Unavailable, store_->resume(context_, id_));
  std::filesystem::remove(state_file());
  std::filesystem::rename(state_file() + ".aside", state_file());
  expect_goes_on(2000, bytes);
}

TEST_F(FsResume, LaterSessionDoesNotMeetTheStateOfAnEarlierOne) {
  const Bytes bytes = sample_bytes(3000, 8);
  start();
  write("something else");
  pause();
  resume();
  ASSERT_OK(writer_->commit(context_, Digest::of("something else")));
  EXPECT_FALSE(std::filesystem::exists(state_file()));
  start();
  write(ByteView(bytes).substr(0, 1000));
  kill_and_restart();
  expect_goes_on(0, bytes);
}

TEST_F(FsResume, ReadingAgainHeedsTheContext) {
  const Bytes bytes = sample_bytes(1000, 9);
  start();
  write(bytes);
  pause();
  kill_and_restart("next boot");
  Context gone;
  gone.cancel();
  EXPECT_FAILS(Cancelled, store_->resume(gone, id_));
  expect_goes_on(1000, bytes);
}

TEST_F(FsResume, PurgeMakesRoomOfTheLongestSilent) {
  std::vector<UploadId> ids;
  const auto now = std::filesystem::file_time_type::clock::now();
  for (const int minutes_ago : {2, 4, 1, 3}) {
    ids.push_back(UploadId::random());
    auto upload = store_->start(context_, ids.back(), HashAlgorithm::Sha256).value();
    ASSERT_OK(upload->write(context_, "x"));
    ASSERT_OK(upload->pause(context_));
    std::filesystem::last_write_time(directory_ / layout::upload_file(ids.back()),
                                     now - std::chrono::minutes(minutes_ago));
  }
  const Purged purged = store_->purge(context_, {.most_uploads = 2}).value();
  EXPECT_EQ(purged.uploads, (std::vector{ids[1], ids[3]}));
  EXPECT_EQ(purged.uploads_left, 2u);
  EXPECT_FAILS(NotFound, store_->resume(context_, ids[1]));
  EXPECT_OK(store_->resume(context_, ids[0]));
}

TEST_F(FsResume, PurgeTakesAllFilesOfASessionAndNothingElse) {
  start();
  write("abc");
  pause();
  const auto orphan = UploadId::random();
  write_file(directory_ / layout::upload_state_file(orphan), "left by a crash");
  write_file(directory_ / "entrepot/uploads/README", "put there by somebody");
  const WallTime later = Clock::system().wall() + std::chrono::hours(1);
  EXPECT_EQ(store_->purge(context_, {.uploads_before = later})->uploads.size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(data_file()));
  EXPECT_FALSE(std::filesystem::exists(state_file()));
  EXPECT_FALSE(std::filesystem::exists(directory_ / layout::upload_state_file(orphan)));
  EXPECT_TRUE(std::filesystem::exists(directory_ / "entrepot/uploads/README"));
}

// An algorithm that did not run along is read for, and the session's others do not wait for that.
class FsVerify : public FsResume {
 protected:
  static constexpr std::size_t kPieceBytes = 1 << 20;
  static constexpr int kPieces = 96;

  FsVerify() {
    start();
    const Bytes piece(kPieceBytes, 'x');
    for (int i = 0; i < kPieces; ++i) write(piece);
  }

  // Runs `meanwhile` again and again while the bytes are read; returns how often.
  template <class Meanwhile>
  int read_again(ErrorCode expected, Meanwhile meanwhile) {
    std::atomic<bool> done = false;
    std::thread reading([&] {
      const auto verified =
          writer_->verify(context_, Digest::of("other bytes", HashAlgorithm::Sha512));
      EXPECT_FALSE(verified);
      if (!verified) {
        EXPECT_EQ(verified.error().code, expected) << verified.error().message;
      }
      done = true;
    });
    int times = 0;
    for (; !done; ++times) meanwhile(times);
    reading.join();
    return times;
  }
};

TEST_F(FsVerify, OffsetIsToldMeanwhile) {
  const int times = read_again(ErrorCode::DigestMismatch, [&](int) {
    const auto offset = store_->upload_offset(context_, id_);
    ASSERT_OK(offset);
    EXPECT_EQ(*offset, kPieces * kPieceBytes);
  });
  EXPECT_GT(times, 10);
  resume();
  EXPECT_OK(writer_->commit(context_, writer_->digest()));
}

TEST_F(FsVerify, ANewerRequestGoesOnAtOnce) {
  std::unique_ptr<Upload> newer;
  read_again(ErrorCode::Cancelled, [&](int times) {
    if (times == 1) newer = store_->resume(context_, id_).value();
  });
  ASSERT_TRUE(newer);
  EXPECT_OK(newer->write(context_, "more"));
  EXPECT_OK(newer->commit(context_, newer->digest()));
}

TEST_F(FsVerify, CancelEndsIt) {
  read_again(ErrorCode::Cancelled, [&](int times) {
    if (times == 1) {
      EXPECT_OK(store_->cancel(context_, id_));
    }
  });
  EXPECT_FAILS(NotFound, store_->upload_offset(context_, id_));
  EXPECT_FALSE(std::filesystem::exists(data_file()));
}

TEST_F(FsVerify, IsRememberedForTheCommit) {
  Bytes all(kPieces * kPieceBytes, 'x');
  const Digest expected = Digest::of(all, HashAlgorithm::Sha512);
  ASSERT_OK(writer_->verify(context_, expected));
  std::filesystem::resize_file(data_file(), 0);
  EXPECT_OK(writer_->verify(context_, expected)) << "the bytes are not read again";
  std::filesystem::resize_file(data_file(), all.size());
  EXPECT_OK(writer_->commit(context_, expected));
}

}  // namespace
}  // namespace entrepot::blob::fs::testing
