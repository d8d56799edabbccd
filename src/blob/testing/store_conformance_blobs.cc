// What a store promises of blobs that are there, or gone.

#include <algorithm>
#include <vector>

#include "blob/testing/store_conformance.h"

namespace entrepot::blob::testing {

namespace {

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

}  // namespace
}  // namespace entrepot::blob::testing
