// What a store promises of blobs on their way in.

#include <algorithm>
#include <vector>

#include "blob/testing/store_conformance.h"

namespace entrepot::blob::testing {

namespace {

TEST_P(BlobStoreConformance, NothingIsVisibleBeforeTheCommit) {
  const auto upload = start(UploadId::random());
  write(*upload, "not yet");
  ASSERT_OK(upload->pause(context()));
  EXPECT_FALSE(is_there(sha256_of("not yet")));
  EXPECT_OK(store().list(context(), std::nullopt, [](const Stored&) {
    ADD_FAILURE() << "something is listed";
    return false;
  }));
}

TEST_P(BlobStoreConformance, CommitOfWrongDigestKeepsTheSession) {
  const UploadId id = UploadId::random();
  auto upload = start(id);
  write(*upload, "the bytes");
  EXPECT_FAILS(DigestMismatch, upload->commit(context(), sha256_of("other bytes")));
  EXPECT_FALSE(is_there(sha256_of("the bytes")));
  EXPECT_FALSE(is_there(sha256_of("other bytes")));

  upload = resume(id);
  EXPECT_EQ(upload->offset_bytes(), 9u);
  EXPECT_OK(upload->commit(context(), sha256_of("the bytes")));
  EXPECT_EQ(get(sha256_of("the bytes")), "the bytes");
}

TEST_P(BlobStoreConformance, CommitOfWrongDigestGoesBackToAToldOffset) {
  const UploadId id = UploadId::random();
  auto upload = start(id);
  write(*upload, "the ");
  EXPECT_EQ(store().upload_offset(context(), id).value(), 4u);
  write(*upload, "garbled bytes");
  EXPECT_FAILS(DigestMismatch, upload->commit(context(), sha256_of("the bytes")));

  upload = resume(id);
  EXPECT_EQ(upload->offset_bytes(), 4u);
  write(*upload, "bytes");
  EXPECT_OK(upload->commit(context(), sha256_of("the bytes")));
  EXPECT_EQ(get(sha256_of("the bytes")), "the bytes");
}

// The second algorithm may be announced at the start, or be a surprise at the commit.
TEST_P(BlobStoreConformance, CommitTakesSha512) {
  for (const HashAlgorithm also : {HashAlgorithm::Sha512, HashAlgorithm::Sha256}) {
    const Bytes bytes = sample_bytes(700'000, static_cast<unsigned>(also));
    const UploadId id = UploadId::random();
    const auto upload = start(id, also);
    write(*upload, bytes);
    EXPECT_FAILS(DigestMismatch, upload->commit(context(), sha512_of("others")));
    const auto stored = resume(id)->commit(context(), sha512_of(bytes));
    ASSERT_OK(stored);
    EXPECT_EQ(stored->digest, sha256_of(bytes));
    EXPECT_EQ(get(stored->digest), bytes);
  }
}

TEST_P(BlobStoreConformance, PausedUploadGoesOnWhereItStopped) {
  const Bytes bytes = sample_bytes(900'000, 5);
  const UploadId id = UploadId::random();
  write(*start(id, HashAlgorithm::Sha512), ByteView(bytes).substr(0, 1));
  for (std::size_t at = 1; at < bytes.size();) {
    const auto upload = resume(id);
    ASSERT_EQ(upload->offset_bytes(), at);
    EXPECT_EQ(upload->digest(), sha256_of(ByteView(bytes).substr(0, at)));
    const ByteView piece = ByteView(bytes).substr(at, 123'457);
    write(*upload, piece);
    at += piece.size();
    ASSERT_OK(upload->pause(context()));
    EXPECT_EQ(upload->offset_bytes(), at);
    EXPECT_EQ(store().upload_offset(context(), id).value(), at);
  }
  ASSERT_OK(resume(id)->commit(context(), sha512_of(bytes)));
  EXPECT_EQ(get(sha256_of(bytes)), bytes);
}

TEST_P(BlobStoreConformance, PausedUploadIsSpent) {
  const auto upload = start(UploadId::random());
  write(*upload, "abc");
  ASSERT_OK(upload->pause(context()));
  EXPECT_FAILS(Cancelled, upload->write(context(), "d"));
  EXPECT_FAILS(Cancelled, upload->pause(context()));
  EXPECT_FAILS(Cancelled, upload->commit(context(), sha256_of("abc")));
}

TEST_P(BlobStoreConformance, DroppedUploadIsPaused) {
  const UploadId id = UploadId::random();
  write(*start(id), "kept");
  EXPECT_EQ(resume(id)->offset_bytes(), 4u);
}

// Whoever waits for a blob reads it while it comes.
TEST_P(BlobStoreConformance, WhatAnUploadTookCanBeReadFromItsFile) {
  const auto upload = start(UploadId::random());
  if (!can().keeps_files) {
    write(*upload, "x");
    EXPECT_EQ(upload->file(), nullptr);
    return;
  }
  const Bytes bytes = sample_bytes(900'000, 11);
  std::shared_ptr<const OpenFile> file;
  for (std::size_t at = 0; at < bytes.size();) {
    const ByteView piece = ByteView(bytes).substr(at, 123'457);
    write(*upload, piece);
    at += piece.size();
    file = upload->file();
    ASSERT_NE(file, nullptr);
    Source taken(FileRange{file, {0, at}});
    EXPECT_EQ(read_all(context(), taken, kReadLimitBytes).value(), bytes.substr(0, at));
  }
  ASSERT_OK(upload->commit(context(), sha256_of(bytes)));
  Source kept(FileRange{file, {0, bytes.size()}});
  EXPECT_EQ(read_all(context(), kept, kReadLimitBytes).value(), bytes);
}

TEST_P(BlobStoreConformance, UploadsSurviveReopening) {
  if (!can().survives_reopen) GTEST_SKIP() << "this store cannot be reopened";
  const UploadId id = UploadId::random();
  write(*start(id, HashAlgorithm::Sha512), "first ");
  harness().reopen();
  EXPECT_EQ(store().upload_offset(context(), id).value(), 6u);
  const auto upload = resume(id);
  write(*upload, "second");
  EXPECT_OK(upload->commit(context(), sha512_of("first second")));
  EXPECT_EQ(get(sha256_of("first second")), "first second");
}

TEST_P(BlobStoreConformance, NewerResumeEndsTheOlderWriter) {
  const UploadId id = UploadId::random();
  auto older = start(id);
  write(*older, "one ");
  const auto newer = resume(id);
  EXPECT_EQ(newer->offset_bytes(), 4u);
  EXPECT_FAILS(Cancelled, older->write(context(), "lost"));
  EXPECT_FAILS(Cancelled, older->commit(context(), sha256_of("one ")));
  older.reset();  // and its going does not disturb the newer
  write(*newer, "two");
  EXPECT_OK(newer->commit(context(), sha256_of("one two")));
}

TEST_P(BlobStoreConformance, StartEndsAnEarlierSessionOfThatId) {
  const UploadId id = UploadId::random();
  write(*start(id), "paused");
  const auto older = start(id);
  EXPECT_EQ(older->offset_bytes(), 0u);
  write(*older, "being written");
  const auto newer = start(id);
  EXPECT_EQ(newer->offset_bytes(), 0u);
  EXPECT_FAILS(Cancelled, older->write(context(), "lost"));
  write(*newer, "new");
  EXPECT_OK(newer->commit(context(), sha256_of("new")));
}

TEST_P(BlobStoreConformance, AskingForTheOffsetDoesNotDisturbTheWriter) {
  const UploadId id = UploadId::random();
  const auto upload = start(id);
  write(*upload, "abc");
  EXPECT_EQ(store().upload_offset(context(), id).value(), 3u);
  write(*upload, "def");
  EXPECT_EQ(store().upload_offset(context(), id).value(), 6u);
  EXPECT_OK(upload->commit(context(), sha256_of("abcdef")));
}

// Who lost a connection asks and goes on, while its last bytes may still be on their way in.
TEST_P(BlobStoreConformance, ToldOffsetHoldsWhenTheWriterBreaksOff) {
  const UploadId id = UploadId::random();
  auto broken = start(id, HashAlgorithm::Sha512);
  write(*broken, "abc");
  ASSERT_EQ(store().upload_offset(context(), id).value(), 3u);
  write(*broken, "late bytes");
  broken.reset();
  EXPECT_EQ(store().upload_offset(context(), id).value(), 3u);
  const auto upload = resume(id);
  ASSERT_EQ(upload->offset_bytes(), 3u);
  EXPECT_EQ(upload->digest(), sha256_of("abc"));
  write(*upload, "d");
  EXPECT_OK(upload->commit(context(), sha512_of("abcd")));
  EXPECT_EQ(get(sha256_of("abcd")), "abcd");
}

TEST_P(BlobStoreConformance, ToldOffsetHoldsForTheNextWriter) {
  const UploadId id = UploadId::random();
  const auto older = start(id);
  write(*older, "abc");
  ASSERT_EQ(store().upload_offset(context(), id).value(), 3u);
  write(*older, "late bytes");
  auto newer = resume(id);
  ASSERT_EQ(newer->offset_bytes(), 3u);
  EXPECT_FAILS(Cancelled, older->write(context(), "lost"));
  // A promise to the one who went on, not to those after it.
  write(*newer, "de");
  newer.reset();
  newer = resume(id);
  ASSERT_EQ(newer->offset_bytes(), 5u);
  EXPECT_OK(newer->commit(context(), sha256_of("abcde")));
}

TEST_P(BlobStoreConformance, PauseKeepsWhatCameBehindAToldOffset) {
  const UploadId id = UploadId::random();
  const auto upload = start(id);
  write(*upload, "abc");
  ASSERT_EQ(store().upload_offset(context(), id).value(), 3u);
  write(*upload, "def");
  ASSERT_OK(upload->pause(context()));
  EXPECT_EQ(store().upload_offset(context(), id).value(), 6u);
  EXPECT_EQ(resume(id)->offset_bytes(), 6u);
}

TEST_P(BlobStoreConformance, CommittedSessionHasEnded) {
  const UploadId id = UploadId::random();
  const auto upload = start(id);
  write(*upload, "done");
  ASSERT_OK(upload->commit(context(), sha256_of("done")));
  EXPECT_EQ(upload->digest(), sha256_of("done"));
  EXPECT_EQ(upload->offset_bytes(), 4u);
  EXPECT_FAILS(Cancelled, upload->write(context(), "more"));
  EXPECT_FAILS(NotFound, store().resume(context(), id));
  EXPECT_FAILS(NotFound, store().upload_offset(context(), id));
  EXPECT_FAILS(NotFound, store().cancel(context(), id));
}

TEST_P(BlobStoreConformance, CancelDropsTheBytesAndStopsTheWriter) {
  const UploadId id = UploadId::random();
  const auto upload = start(id);
  write(*upload, "unwanted");
  ASSERT_OK(store().cancel(context(), id));
  EXPECT_FAILS(Cancelled, upload->write(context(), "more"));
  EXPECT_FAILS(Cancelled, upload->commit(context(), sha256_of("unwanted")));
  EXPECT_FAILS(NotFound, store().resume(context(), id));
  EXPECT_FAILS(NotFound, store().cancel(context(), id));

  write(*start(id), "paused");
  ASSERT_OK(store().cancel(context(), id));
  EXPECT_FAILS(NotFound, store().upload_offset(context(), id));
}

TEST_P(BlobStoreConformance, UnknownSessionIsNotFound) {
  const UploadId id = UploadId::random();
  EXPECT_FAILS(NotFound, store().resume(context(), id));
  EXPECT_FAILS(NotFound, store().upload_offset(context(), id));
  EXPECT_FAILS(NotFound, store().cancel(context(), id));
}

TEST_P(BlobStoreConformance, PurgeDropsOldSessionsThatNobodyWrites) {
  const UploadId paused = UploadId::random();
  const UploadId written = UploadId::random();
  write(*start(paused), "paused");
  const auto writer = start(written);
  write(*writer, "being ");

  const auto hour = std::chrono::hours(1);
  const auto purge = [&](WallTime before) {
    return store().purge(context(), {.uploads_before = before}).value().uploads.size();
  };
  EXPECT_EQ(purge(harness().now() - hour), 0u);
  EXPECT_EQ(store().upload_offset(context(), paused).value(), 6u);
  EXPECT_EQ(purge(harness().now() + hour), 1u);
  EXPECT_FAILS(NotFound, store().resume(context(), paused));
  write(*writer, "written");
  EXPECT_OK(writer->commit(context(), sha256_of("being written")));
}

TEST_P(BlobStoreConformance, PurgeMakesRoomButNotOfThoseThatAreWritten) {
  const UploadId paused = UploadId::random();
  const UploadId written = UploadId::random();
  write(*start(paused), "paused");
  const auto writer = start(written);
  write(*writer, "being ");
  const auto purge = [&](std::size_t most) {
    return store().purge(context(), {.most_uploads = most}).value();
  };
  EXPECT_TRUE(purge(2).uploads.empty());
  EXPECT_EQ(purge(2).uploads_left, 2u);
  EXPECT_EQ(purge(0).uploads, std::vector{paused});
  EXPECT_EQ(purge(0).uploads_left, 1u);
  write(*writer, "written");
  EXPECT_OK(writer->commit(context(), sha256_of("being written")));
}

// Requests that fight for one session: one writer at a time, and every byte at its place.
TEST_P(BlobStoreConformance, ManyThreadsResumeOneSession) {
  const UploadId id = UploadId::random();
  ASSERT_OK(start(id)->pause(context()));
  in_threads(4, [&](int) {
    for (int round = 0; round < 50; ++round) {
      auto upload = store().resume(context(), id);
      EXPECT_OK(upload);
      const char next = static_cast<char>((*upload)->offset_bytes());
      if (auto written = (*upload)->write(context(), ByteView(&next, 1)); !written) {
        EXPECT_EQ(written.error().code, ErrorCode::Cancelled);
      }
    }
  });
  const auto upload = resume(id);
  Bytes expected;
  while (expected.size() < upload->offset_bytes()) {
    expected += static_cast<char>(expected.size());
  }
  EXPECT_GT(expected.size(), 0u);
  EXPECT_OK(upload->commit(context(), sha256_of(expected)));
}

// Everything that can happen to one session, at once: nobody meets more than that it is gone.
TEST_P(BlobStoreConformance, RequestsForOneSessionMayRace) {
  const UploadId id = UploadId::random();
  const auto is_expected = [](ErrorCode code) {
    return code == ErrorCode::NotFound || code == ErrorCode::Cancelled;
  };
  const auto write_to = [&](Result<std::unique_ptr<Upload>> upload) -> Result<void> {
    if (!upload) return propagate(std::move(upload));
    TRY((*upload)->write(context(), "bytes"));
    TRY((*upload)->commit(context(), (*upload)->digest()));
    return {};
  };
  in_threads(5, [&](int number) {
    for (int round = 0; round < 40; ++round) {
      Result<void> result;
      if (number == 0) result = write_to(store().start(context(), id, HashAlgorithm::Sha256));
      if (number == 1) result = write_to(store().resume(context(), id));
      if (number == 2) result = store().cancel(context(), id);
      if (number == 3 && !store().upload_offset(context(), id)) continue;
      if (number == 4) {
        const WallTime later = harness().now() + std::chrono::hours(1);
        EXPECT_OK(store().purge(context(), {.uploads_before = later}));
      }
      EXPECT_TRUE(result || is_expected(result.error().code)) << result.error().message;
    }
  });
  const auto upload = start(id);
  write(*upload, "last");
  EXPECT_OK(upload->commit(context(), sha256_of("last")));
}

}  // namespace
}  // namespace entrepot::blob::testing
