#include "blob/testing/store_conformance.h"

#include <algorithm>
#include <ostream>
#include <thread>
#include <vector>

namespace entrepot::blob::testing {

namespace {

constexpr std::uint64_t kReadLimitBytes = std::uint64_t{64} << 20;

Digest sha256_of(ByteView bytes) { return Digest::of(bytes); }
Digest sha512_of(ByteView bytes) { return Digest::of(bytes, HashAlgorithm::Sha512); }

// Runs `work` in so many threads at once, and waits for all.
void in_threads(int count, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

Bytes sample_bytes(std::size_t size, unsigned seed) {
  Bytes bytes(size, '\0');
  std::uint32_t state = seed * 2654435761U + 1;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

void PrintTo(const StoreUnderTest& store, std::ostream* out) {
  *out << "a store that " << (store.can.survives_reopen ? "can" : "cannot") << " be reopened";
}

BlobStoreConformance::BlobStoreConformance() : harness_(GetParam().make()) {}

std::unique_ptr<Upload> BlobStoreConformance::start(const UploadId& id, HashAlgorithm also) {
  auto upload = store().start(context_, id, also);
  EXPECT_OK(upload);
  return std::move(upload).value();
}

std::unique_ptr<Upload> BlobStoreConformance::resume(const UploadId& id) {
  auto upload = store().resume(context_, id);
  EXPECT_OK(upload);
  return std::move(upload).value();
}

void BlobStoreConformance::write(Upload& upload, ByteView bytes) {
  EXPECT_OK(upload.write(context_, bytes));
}

Digest BlobStoreConformance::put(ByteView bytes) {
  const Digest digest = sha256_of(bytes);
  const auto upload = start(UploadId::random());
  write(*upload, bytes);
  EXPECT_OK(upload->commit(context_, digest));
  return digest;
}

Bytes BlobStoreConformance::get(const Digest& digest) {
  auto source = store().open(context_, digest);
  if (!source) return fmt::format("{}", source.error());
  return read_all(context_, *source, kReadLimitBytes).value();
}

bool BlobStoreConformance::is_there(const Digest& digest) {
  const auto found = store().stat(context_, digest);
  if (found) return true;
  EXPECT_EQ(found.error().code, ErrorCode::NotFound);
  return false;
}

namespace {

// --- Blobs ---------------------------------------------------------------------------------------

TEST_P(BlobStoreConformance, WhatWasPushedComesBack) {
  for (const std::size_t size : {1u, 4096u, 65'537u, 3'000'001u}) {
    const Bytes bytes = sample_bytes(size, 1);
    const auto upload = start(UploadId::random());
    for (std::size_t at = 0; at < size; at += 1'000'000) {
      write(*upload, ByteView(bytes).substr(at, 1'000'000));
    }
    EXPECT_EQ(upload->offset_bytes(), size);
    EXPECT_EQ(upload->digest(), sha256_of(bytes));
    const auto stored = upload->commit(context(), sha256_of(bytes));
    ASSERT_OK(stored);
    EXPECT_EQ(stored->digest, sha256_of(bytes));
    EXPECT_EQ(stored->size_bytes, size);
    EXPECT_EQ(get(stored->digest), bytes);
    EXPECT_EQ(store().stat(context(), stored->digest)->size_bytes, size);
  }
}

TEST_P(BlobStoreConformance, NoBytesAreABlobToo) {
  const auto upload = start(UploadId::random());
  ASSERT_OK(upload->commit(context(), sha256_of("")));
  EXPECT_EQ(get(sha256_of("")), "");
  EXPECT_EQ(store().stat(context(), sha256_of(""))->size_bytes, 0u);
}

TEST_P(BlobStoreConformance, AbsentBlobIsNotFound) {
  const Digest absent = sha256_of("never pushed");
  EXPECT_FAILS(NotFound, store().stat(context(), absent));
  EXPECT_FAILS(NotFound, store().open(context(), absent));
  EXPECT_FAILS(NotFound, store().remove(context(), absent));
  EXPECT_FAILS(NotFound, store().quarantine(context(), absent));
}

TEST_P(BlobStoreConformance, BlobsAreNamedBySha256Only) {
  const Digest digest = sha512_of("x");
  EXPECT_FAILS(InvalidArgument, store().stat(context(), digest));
  EXPECT_FAILS(InvalidArgument, store().open(context(), digest));
  EXPECT_FAILS(InvalidArgument, store().remove(context(), digest));
  EXPECT_FAILS(InvalidArgument, store().quarantine(context(), digest));
  EXPECT_FAILS(InvalidArgument,
               store().list(context(), digest, [](const Stored&) { return true; }));
}

// A reader that opened a blob keeps its bytes while the collector removes it.
TEST_P(BlobStoreConformance, OpenBlobOutlivesRemoval) {
  const Digest digest = put("layer bytes");
  auto source = store().open(context(), digest);
  ASSERT_OK(source);
  ASSERT_OK(store().remove(context(), digest));
  EXPECT_EQ(read_all(context(), *source, kReadLimitBytes).value(), "layer bytes");
  EXPECT_FALSE(is_there(digest));
  EXPECT_FAILS(NotFound, store().remove(context(), digest));
}

TEST_P(BlobStoreConformance, RemovedBlobCanBePushedAgain) {
  const Digest digest = put("again");
  ASSERT_OK(store().remove(context(), digest));
  put("again");
  EXPECT_EQ(get(digest), "again");
}

TEST_P(BlobStoreConformance, CommitReplacesADamagedCopy) {
  const Bytes bytes = sample_bytes(10'000, 2);
  const Digest digest = put(bytes);
  harness().damage(digest);
  ASSERT_NE(get(digest), bytes);
  put(bytes);
  EXPECT_EQ(get(digest), bytes);
}

TEST_P(BlobStoreConformance, QuarantinedBlobIsGoneUntilItIsPushedAgain) {
  const Digest digest = put("damaged");
  ASSERT_OK(store().quarantine(context(), digest));
  EXPECT_FALSE(is_there(digest));
  EXPECT_FAILS(NotFound, store().open(context(), digest));
  put("damaged");
  EXPECT_EQ(get(digest), "damaged");
  // And once more: what is set aside does not stand in the way.
  ASSERT_OK(store().quarantine(context(), digest));
  EXPECT_FALSE(is_there(digest));
}

TEST_P(BlobStoreConformance, ListGoesInOrderFromAfterUntilToldToStop) {
  std::vector<Digest> digests;
  digests.reserve(40);
  for (unsigned i = 0; i < 40; ++i) digests.push_back(put(sample_bytes(i, i)));
  std::sort(digests.begin(), digests.end());

  const auto list = [&](const std::optional<Digest>& after, std::size_t limit) {
    std::vector<Digest> seen;
    EXPECT_OK(store().list(context(), after, [&](const Stored& stored) {
      EXPECT_EQ(stored.size_bytes, store().stat(context(), stored.digest)->size_bytes);
      seen.push_back(stored.digest);
      return seen.size() < limit;
    }));
    return seen;
  };
  EXPECT_EQ(list(std::nullopt, 1000), digests);
  EXPECT_EQ(list(digests[17], 1000), std::vector(digests.begin() + 18, digests.end()));
  EXPECT_EQ(list(digests[17], 5), std::vector(digests.begin() + 18, digests.begin() + 23));
  EXPECT_EQ(list(digests.back(), 1000), std::vector<Digest>());
  // `after` need not be there.
  ASSERT_OK(store().remove(context(), digests[17]));
  EXPECT_EQ(list(digests[17], 1), std::vector{digests[18]});
}

TEST_P(BlobStoreConformance, ManyThreadsCommitOneDigest) {
  const Bytes bytes = sample_bytes(200'000, 3);
  in_threads(8, [&](int) {
    for (int round = 0; round < 5; ++round) put(bytes);
  });
  EXPECT_EQ(get(sha256_of(bytes)), bytes);
}

// Whoever removes and whoever pushes may come in any order, but nobody sees other bytes or an
// error, and the last push leaves the blob there.
TEST_P(BlobStoreConformance, CommitsAndRemovalsOfOneDigestMayRace) {
  const Bytes bytes = sample_bytes(5000, 4);
  const Digest digest = sha256_of(bytes);
  in_threads(4, [&](int number) {
    for (int round = 0; round < 25; ++round) {
      if (number % 2 == 0) {
        put(bytes);
      } else if (auto removed = store().remove(context(), digest); !removed) {
        EXPECT_EQ(removed.error().code, ErrorCode::NotFound);
      }
    }
  });
  put(bytes);
  EXPECT_EQ(get(digest), bytes);
}

TEST_P(BlobStoreConformance, BlobsSurviveReopening) {
  if (!can().survives_reopen) GTEST_SKIP() << "this store cannot be reopened";
  const Digest digest = put("kept");
  harness().reopen();
  EXPECT_EQ(get(digest), "kept");
}

TEST_P(BlobStoreConformance, HealthyStoreIsWritable) {
  EXPECT_OK(store().check_writable(context()));
  EXPECT_OK(store().require_room(context()));
}

// --- Uploads -------------------------------------------------------------------------------------

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
  EXPECT_EQ(store().purge_uploads(context(), harness().now() - hour).value(), 0u);
  EXPECT_EQ(store().upload_offset(context(), paused).value(), 6u);
  EXPECT_EQ(store().purge_uploads(context(), harness().now() + hour).value(), 1u);
  EXPECT_FAILS(NotFound, store().resume(context(), paused));
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
        EXPECT_OK(store().purge_uploads(context(), later));
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
