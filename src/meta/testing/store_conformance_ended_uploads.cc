#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

namespace {

constexpr std::string_view kId = "11111111-2222-4333-8444-555555555555";

EndedUpload ended(std::string_view id, int started, int when,
                  const std::optional<Digest>& digest = std::nullopt) {
  return EndedUpload{std::string(id), at(started), at(when), digest};
}

}  // namespace

TEST_P(StoreConformance, EndedUploadIsFoundByIdAndBeginAlsoAfterAReopening) {
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.ended_uploads().add(ended(kId, 1, 5, sha512("layer"))));
    return tx.ended_uploads().add(ended("cancelled", 2, 3));
  }));
  reopen();
  const auto find = [&](std::string_view id, int started) {
    return read([&](const Snapshot& s) { return s.ended_uploads().find(id, at(started)); });
  };
  ASSERT_OK(find(kId, 1));
  EXPECT_EQ(find(kId, 1)->digest, sha512("layer"));
  EXPECT_EQ(find(kId, 1)->ended_at, at(5));
  ASSERT_OK(find("cancelled", 2));
  EXPECT_EQ(find("cancelled", 2)->digest, std::nullopt);
  EXPECT_FAILS(NotFound, find(kId, 2));
  EXPECT_FAILS(NotFound, find("another", 1));
}

TEST_P(StoreConformance, EndedUploadStaysAsItEndedFirst) {
  for (const char* bytes : {"first", "second"}) {
    ASSERT_OK(write(
        [&](Transaction& tx) { return tx.ended_uploads().add(ended(kId, 1, 5, sha256(bytes))); }));
  }
  const auto found = read([](const Snapshot& s) { return s.ended_uploads().find(kId, at(1)); });
  EXPECT_EQ(found->digest, sha256("first"));
}

TEST_P(StoreConformance, YoungestEndedUploadIsTheOneThatBeganLast) {
  const auto youngest = [&] {
    return read([](const Snapshot& s) { return s.ended_uploads().youngest(); });
  };
  EXPECT_FAILS(NotFound, youngest());
  ASSERT_OK(write([](Transaction& tx) -> Result<void> {
    TRY(tx.ended_uploads().add(ended("a", 7, 8)));
    return tx.ended_uploads().add(ended("b", 3, 9));
  }));
  EXPECT_EQ(youngest().value(), at(7));
}

TEST_P(StoreConformance, EndedUploadsAreForgottenOldestFirstInPieces) {
  ASSERT_OK(write([](Transaction& tx) -> Result<void> {
    for (int i = 0; i < 5; ++i) {
      TRY(tx.ended_uploads().add(ended(fmt::format("{}", i), i, i + 1)));
    }
    return tx.ended_uploads().add(ended("long", 0, 50));
  }));
  const auto purge = [&](int before, std::size_t limit) {
    return write([&](Transaction& tx) { return tx.ended_uploads().purge(at(before), limit); });
  };
  const auto count = [&] {
    return read([](const Snapshot& s) { return s.retention().counts(); }).value().ended_uploads;
  };
  EXPECT_EQ(purge(4, 2).value(), 2u);
  EXPECT_EQ(count(), 4);
  EXPECT_EQ(purge(4, 10).value(), 1u) << "3 ended at 4, which is not before it";
  EXPECT_EQ(purge(4, 10).value(), 0u);
  EXPECT_EQ(count(), 3);
  EXPECT_OK(read([](const Snapshot& s) { return s.ended_uploads().find("long", at(0)); }));
}

}  // namespace entrepot::meta::testing
