#include "registry/uploads.h"

#include <gtest/gtest.h>

#include "registry/testing/world.h"

namespace entrepot::registry {
namespace {

using oci::Digest;
using oci::HashAlgorithm;
using testing::name;
using testing::World;

TEST(Uploads, BlobIsInTheRepositoryItWasPushedToAndNoOther) {
  World world;
  const auto digest = world.push_blob("a/b", "bytes");
  EXPECT_TRUE(world.has_blob("a/b", digest));
  EXPECT_FALSE(world.has_blob("a/c", digest));
  EXPECT_FALSE(world.has_blob("a", digest));
}

TEST(Uploads, Sha512IsAnotherNameOfTheSameBytes) {
  World world;
  const auto session = world.uploads.begin(name("a"), HashAlgorithm::Sha512);
  auto upload = world.uploads.open(world.context, session).value();
  ASSERT_OK(upload->write(world.context, "bytes"));
  const auto digest = Digest::of("bytes", HashAlgorithm::Sha512);
  ASSERT_OK(world.uploads.commit(world.context, world.who, session, *upload, digest));
  EXPECT_TRUE(world.has_blob("a", digest));
  EXPECT_TRUE(world.has_blob("a", Digest::of("bytes")));
}

TEST(Uploads, WrongDigestIsRefusedAndTheSessionGoesOn) {
  World world;
  const auto session = world.uploads.begin(name("a"), HashAlgorithm::Sha256);
  auto upload = world.uploads.open(world.context, session).value();
  ASSERT_OK(upload->write(world.context, "by"));
  EXPECT_FAILS(DigestMismatch, world.uploads.commit(world.context, world.who, session, *upload,
                                                    Digest::of("other")));
  upload.reset();
  upload = world.uploads.open(world.context, session).value();
  EXPECT_EQ(upload->offset_bytes(), 2u);
  ASSERT_OK(upload->write(world.context, "tes"));
  ASSERT_OK(world.uploads.commit(world.context, world.who, session, *upload, Digest::of("bytes")));
  EXPECT_TRUE(world.has_blob("a", Digest::of("bytes")));
  EXPECT_FALSE(world.has_blob("a", Digest::of("other")));
}

// A request that closes a session is sent again as a whole, so nothing of one that failed counts.
class WholeOrNothing : public ::testing::Test {
 protected:
  WholeOrNothing() {
    auto upload = world_.uploads.open(world_.context, session_).value();
    EXPECT_OK(upload->write(world_.context, "by"));
    EXPECT_OK(upload->pause(world_.context));
  }
  std::unique_ptr<blob::Upload> open(Uploads::Unfinished unfinished) {
    return world_.uploads.open(world_.context, session_, unfinished).value();
  }
  std::uint64_t offset() { return world_.uploads.offset(world_.context, session_).value(); }

  World world_;
  const UploadSession session_ = world_.uploads.begin(name("a"), HashAlgorithm::Sha256);
};

TEST_F(WholeOrNothing, WhatBreaksOffLeavesNothing) {
  auto upload = open(Uploads::Unfinished::Drop);
  ASSERT_OK(upload->write(world_.context, "tes and more"));
  EXPECT_EQ(offset(), 2u) << "what is told holds, whatever becomes of the request";
  ASSERT_OK(upload->write(world_.context, "!"));
  upload.reset();
  EXPECT_EQ(offset(), 2u);
  upload = open(Uploads::Unfinished::Keep);
  ASSERT_OK(upload->write(world_.context, "te"));
  upload.reset();
  EXPECT_EQ(offset(), 4u) << "of others it is kept";
}

TEST_F(WholeOrNothing, AWrongDigestLeavesNothing) {
  auto upload = open(Uploads::Unfinished::Drop);
  ASSERT_OK(upload->write(world_.context, "tez"));
  EXPECT_FAILS(DigestMismatch, world_.uploads.commit(world_.context, world_.who, session_, *upload,
                                                     Digest::of("bytes")));
  upload.reset();
  EXPECT_EQ(offset(), 2u);
  upload = open(Uploads::Unfinished::Drop);
  ASSERT_OK(upload->write(world_.context, "tes"));
  ASSERT_OK(
      world_.uploads.commit(world_.context, world_.who, session_, *upload, Digest::of("bytes")));
}

TEST_F(WholeOrNothing, ANewerWriterCountsOnItsOwn) {
  const auto stuck = open(Uploads::Unfinished::Drop);
  ASSERT_OK(stuck->write(world_.context, "garbled"));
  auto newer = open(Uploads::Unfinished::Keep);
  EXPECT_EQ(newer->offset_bytes(), 2u);
  ASSERT_OK(newer->write(world_.context, "tes"));
  ASSERT_OK(newer->pause(world_.context));
  EXPECT_EQ(offset(), 5u) << "although the older one is not gone yet";
}

TEST(Uploads, SessionWithoutAByteExists) {
  World world;
  const auto session = world.uploads.begin(name("a"), HashAlgorithm::Sha256);
  EXPECT_EQ(world.uploads.offset(world.context, session).value(), 0u);
}

TEST(Uploads, EndedSessionIsNotFoundAgain) {
  World world;
  const auto cancelled = world.uploads.begin(name("a"), HashAlgorithm::Sha256);
  ASSERT_OK(world.uploads.cancel(world.context, cancelled));
  EXPECT_FAILS(NotFound, world.uploads.offset(world.context, cancelled));
  EXPECT_FAILS(NotFound, world.uploads.cancel(world.context, cancelled));

  const auto committed = world.uploads.begin(name("a"), HashAlgorithm::Sha256);
  auto upload = world.uploads.open(world.context, committed).value();
  ASSERT_OK(world.uploads.commit(world.context, world.who, committed, *upload, Digest::of("")));
  EXPECT_FAILS(NotFound, world.uploads.open(world.context, committed));

  const auto old = world.uploads.begin(name("a"), HashAlgorithm::Sha256);
  world.clock.advance(std::chrono::hours(169));
  EXPECT_FAILS(NotFound, world.uploads.open(world.context, old));
}

// What a location says outlives the process, and so does that it is spent.
class UploadsOverARestart : public ::testing::Test {
 protected:
  UploadSession begin() { return world_.uploads.begin(name("a"), HashAlgorithm::Sha256); }
  void commit(const UploadSession& session, const Digest& digest) {
    auto upload = world_.uploads.open(world_.context, session).value();
    ASSERT_OK(upload->write(world_.context, "bytes"));
    ASSERT_OK(world_.uploads.commit(world_.context, world_.who, session, *upload, digest));
  }
  // The use case of another process on the same stores.
  Uploads& restarted() {
    return restarted_.emplace(world_.stores, world_.quarantine, Uploads::Options{}, metrics_);
  }
  std::int64_t records() {
    return world_.metadata->store()
        .view<meta::Retention::Counts>(
            world_.context, [](const meta::Snapshot& s) { return s.retention().counts(); })
        .value()
        .ended_uploads;
  }

  World world_;
  metrics::Registry metrics_;
  std::optional<Uploads> restarted_;
};

TEST_F(UploadsOverARestart, SpentOrCancelledSessionStaysNotFound) {
  const auto spent = begin();
  commit(spent, Digest::of("bytes"));
  const auto cancelled = begin();
  ASSERT_OK(world_.uploads.cancel(world_.context, cancelled));
  const auto going_on = begin();
  for (const auto& session : {spent, cancelled}) {
    EXPECT_FAILS(NotFound, restarted().open(world_.context, session));
    EXPECT_FAILS(NotFound, restarted().offset(world_.context, session));
    EXPECT_FAILS(NotFound, restarted().cancel(world_.context, session));
  }
  EXPECT_OK(restarted().open(world_.context, going_on));
}

TEST_F(UploadsOverARestart, EndingTellsWhatTheSessionBecame) {
  const auto digest = Digest::of("bytes", HashAlgorithm::Sha512);
  const auto spent = begin();
  EXPECT_FAILS(NotFound, world_.uploads.ending(world_.context, spent));
  commit(spent, digest);
  const auto cancelled = begin();
  ASSERT_OK(world_.uploads.cancel(world_.context, cancelled));
  for (Uploads* uploads : {&world_.uploads, &restarted()}) {
    EXPECT_EQ(uploads->ending(world_.context, spent)->digest, digest);
    EXPECT_EQ(uploads->ending(world_.context, cancelled)->digest, std::nullopt);
  }
}

TEST_F(UploadsOverARestart, RecordGoesAfterAWeekWhenTheSessionIsTooOldAnyhow) {
  const auto spent = begin();
  commit(spent, Digest::of("bytes"));
  world_.clock.advance(std::chrono::hours(167));
  EXPECT_FALSE(world_.uploads.purge_ended(world_.context, 10).value());
  EXPECT_EQ(records(), 1);
  world_.clock.advance(std::chrono::hours(2));
  EXPECT_TRUE(world_.uploads.purge_ended(world_.context, 1).value()) << "there may be more";
  EXPECT_EQ(records(), 0);
  EXPECT_FAILS(NotFound, restarted().open(world_.context, spent));
}

// A blob that came with its POST: nobody has a location to come back to.
TEST_F(UploadsOverARestart, SessionThatNobodyWasToldOfLeavesNoRecord) {
  auto session = begin();
  session.is_told = false;
  commit(session, Digest::of("bytes"));
  auto dropped = begin();
  dropped.is_told = false;
  ASSERT_OK(world_.uploads.cancel(world_.context, dropped));
  EXPECT_EQ(records(), 0);
}

TEST(Uploads, CountsThoseThatAreWritten) {
  World world;
  const auto& open = world.metrics.gauge("entrepot_uploads_open", "");
  const auto session = world.uploads.begin(name("a"), HashAlgorithm::Sha256);
  EXPECT_EQ(open.value(), 0);
  auto upload = world.uploads.open(world.context, session).value();
  auto newer = world.uploads.open(world.context, session).value();
  EXPECT_EQ(open.value(), 2) << "until its request notices, the older one is there, too";
  upload.reset();
  EXPECT_EQ(open.value(), 1);
  ASSERT_OK(world.uploads.commit(world.context, world.who, session, *newer, Digest::of("")));
  newer.reset();
  EXPECT_EQ(open.value(), 0);
}

// Another repository's manifest names it, so it is not queued anew; but a row that is there
// already, for the sake of one that was deleted, must not come due under this push.
TEST(Uploads, BlobThatWaitsAndIsUsedWaitsAnewFromEachPush) {
  World world;
  const auto deleted = world.push_image("a", "1", "layer");
  world.push_image("c", "1", "layer");
  const auto due_at = [&] {
    return world.metadata->store()
        .view<WallTime>(world.context,
                        [](const meta::Snapshot& snapshot) {
                          return snapshot.reviews().due_at(Digest::of("layer"));
                        })
        .value();
  };
  ASSERT_OK(world.remover.manifest(world.context, world.who, name("a"), deleted));
  world.clock.advance(std::chrono::hours(23));
  world.push_blob("b", "layer");
  EXPECT_EQ(due_at(), world.even.wall() + kDefaultReviewDelay);
}

class UploadPurge : public ::testing::Test {
 protected:
  UploadPurge() { write_some(); }

  void write_some() {
    auto upload = world_.uploads.open(world_.context, session_).value();
    ASSERT_OK(upload->write(world_.context, "half a layer"));
    ASSERT_OK(upload->pause(world_.context));
  }
  std::size_t purge() { return world_.uploads.purge(world_.context).value(); }

  World world_;
  const UploadSession session_ = world_.uploads.begin(name("a"), HashAlgorithm::Sha256);
};

TEST_F(UploadPurge, GoesByTheLastByte) {
  world_.clock.advance(std::chrono::hours(167));
  write_some();
  world_.clock.advance(std::chrono::hours(167));
  EXPECT_EQ(purge(), 0u);
  EXPECT_EQ(world_.uploads.offset(world_.context, session_).value(), 24u);
  world_.clock.advance(std::chrono::hours(2));
  EXPECT_EQ(purge(), 1u);
  EXPECT_FAILS(NotFound, world_.uploads.offset(world_.context, session_));
  EXPECT_FAILS(NotFound, world_.uploads.open(world_.context, session_));
  EXPECT_FAILS(NotFound, world_.uploads.cancel(world_.context, session_));
}

TEST_F(UploadPurge, ClockThatJumpsMakesNoSessionOld) {
  EXPECT_EQ(purge(), 0u);
  for (int i = 0; i < 2; ++i) {
    world_.clock.jump(std::chrono::hours(24 * 365));
    EXPECT_EQ(purge(), 0u);
    write_some();
    world_.clock.advance(std::chrono::hours(100));
    EXPECT_EQ(purge(), 0u);
  }
  world_.clock.advance(std::chrono::hours(69));
  EXPECT_EQ(purge(), 1u);
}

TEST_F(UploadPurge, ClockThatIsSetBackAtOnceMakesNoSessionOld) {
  purge();
  world_.clock.jump(std::chrono::hours(-24 * 3650));
  const auto empty = world_.uploads.begin(name("a"), HashAlgorithm::Sha256);
  write_some();
  world_.clock.jump(std::chrono::hours(24 * 3650));
  EXPECT_EQ(purge(), 0u);
  EXPECT_OK(world_.uploads.offset(world_.context, session_));
  EXPECT_EQ(world_.uploads.offset(world_.context, empty).value(), 0u);
}

// Nothing but the clock tells how old a session without a byte is.
TEST_F(UploadPurge, ClockThatJumpsEndsNoSessionWithoutAByte) {
  purge();
  const auto empty = world_.uploads.begin(name("a"), HashAlgorithm::Sha256);
  world_.clock.jump(std::chrono::hours(24 * 3650));
  EXPECT_EQ(world_.uploads.offset(world_.context, empty).value(), 0u);
  purge();
  EXPECT_EQ(world_.uploads.offset(world_.context, empty).value(), 0u);
  world_.clock.advance(std::chrono::hours(169));
  EXPECT_FAILS(NotFound, world_.uploads.offset(world_.context, empty));
}

class UploadLimit : public ::testing::Test {
 protected:
  UploadSession begin() { return uploads_.begin(name("a"), HashAlgorithm::Sha256); }
  void write_a_byte(const UploadSession& session) {
    auto upload = uploads_.open(world_.context, session).value();
    ASSERT_OK(upload->write(world_.context, "x"));
    ASSERT_OK(upload->pause(world_.context));
    world_.clock.advance(std::chrono::seconds(1));
  }
  std::int64_t gauge() { return metrics_.gauge("entrepot_uploads_sessions", "").value(); }

  World world_;
  metrics::Registry metrics_;
  Uploads uploads_{world_.stores, world_.quarantine, {.most_sessions = 3}, metrics_};
};

TEST_F(UploadLimit, LongestSilentMakesRoomAndIsNotFound) {
  const auto first = begin();
  const auto second = begin();
  const auto third = begin();
  for (const auto& session : {first, second, third, first}) write_a_byte(session);
  EXPECT_EQ(gauge(), 3);
  const auto fourth = begin();
  write_a_byte(fourth);
  EXPECT_EQ(gauge(), 3);
  EXPECT_FAILS(NotFound, uploads_.open(world_.context, second));
  EXPECT_FAILS(NotFound, uploads_.offset(world_.context, second));
  for (const auto& session : {first, third, fourth}) {
    EXPECT_EQ(uploads_.offset(world_.context, session).value(), session.id == first.id ? 2u : 1u);
  }
}

TEST_F(UploadLimit, ThoseThatAreWrittenStayAndOthersWait) {
  std::vector<std::unique_ptr<blob::Upload>> writers;
  for (int i = 0; i < 3; ++i) writers.push_back(uploads_.open(world_.context, begin()).value());
  EXPECT_FAILS(Unavailable, uploads_.open(world_.context, begin()));
  ASSERT_OK(writers.back()->pause(world_.context));
  EXPECT_OK(uploads_.open(world_.context, begin()));
}

// What a process before this one left counts, too.
TEST_F(UploadLimit, HoldsOverARestart) {
  for (int i = 0; i < 3; ++i) write_a_byte(begin());
  Uploads restarted(world_.stores, world_.quarantine, {.most_sessions = 3}, metrics_);
  EXPECT_OK(restarted.open(world_.context, begin()));
  EXPECT_EQ(gauge(), 3);
}

TEST(Uploads, MountGivesABlobWithoutMovingIt) {
  World world;
  const auto digest = world.push_blob("a", "bytes");
  EXPECT_FAILS(NotFound,
               world.uploads.mount(world.context, world.who, name("b"), name("never/was"), digest));
  EXPECT_FALSE(world.has_blob("b", digest));
  ASSERT_OK(world.uploads.mount(world.context, world.who, name("b"), name("a"), digest));
  EXPECT_TRUE(world.has_blob("b", digest));
  ASSERT_OK(world.uploads.mount(world.context, world.who, name("c"), std::nullopt, digest));
  EXPECT_TRUE(world.has_blob("c", digest));
}

TEST(Uploads, HoldersAreWhereABlobCanBeMountedFrom) {
  World world;
  const auto digest = world.push_blob("a", "bytes");
  world.push_blob("b", "bytes");
  world.push_blob("c", "bytes");
  ASSERT_OK(world.remover.blob(world.context, world.who, name("b"), digest));
  EXPECT_EQ(world.uploads.holders(world.context, digest).value(),
            (std::vector<oci::RepositoryName>{name("c"), name("a")}));
  EXPECT_TRUE(world.uploads.holders(world.context, Digest::of("none")).value().empty());
}

TEST(Uploads, MountFromARepositoryThatLostTheBlobFails) {
  World world;
  const auto digest = world.push_blob("a", "bytes");
  world.push_blob("b", "bytes");
  ASSERT_OK(world.remover.blob(world.context, world.who, name("a"), digest));
  EXPECT_FAILS(NotFound,
               world.uploads.mount(world.context, world.who, name("c"), name("a"), digest));
}

// HEAD tells a client that it need not push: from then on it has the whole delay again.
TEST(Uploads, LookingAtAWaitingBlobPushesItsReviewBack) {
  World world;
  const auto digest = world.push_blob("a", "bytes");
  world.clock.advance(std::chrono::hours(23));
  ASSERT_TRUE(world.has_blob("a", digest));
  world.clock.advance(std::chrono::hours(2));
  const auto due = world.metadata->store().view<std::vector<meta::Review>>(
      world.context,
      [&](const meta::Snapshot& s) { return s.reviews().due(world.clock.wall(), 10); });
  ASSERT_OK(due);
  EXPECT_TRUE(due->empty());
  EXPECT_FALSE(world.puller.blob_from_memory("a", digest.to_string())) << "it must not be cached";
}

}  // namespace
}  // namespace entrepot::registry
