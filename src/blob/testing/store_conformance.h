#pragma once
// blob/testing/store_conformance.h — the promises of blob/store.h as tests. Every driver and every
// decorator runs them.
//
// In the driver's own test file:
//
//   INSTANTIATE_TEST_SUITE_P(
//       Fs, BlobStoreConformance,
//       ::testing::Values(store_under_test<FsHarness>({.survives_reopen = true})));

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/testing/assert_ok.h"
#include "blob/store.h"

namespace entrepot::blob::testing {

// One store to try, empty at first. Made anew for each test.
class StoreHarness {
 public:
  virtual ~StoreHarness() = default;

  virtual BlobStore& store() = 0;

  // The time by which the store judges how old a session is.
  virtual WallTime now() { return Clock::system().wall(); }

  // Closes the store and opens it again on the same bytes, as a restart of the program does.
  virtual void reopen() {}

  // Makes the bytes at rest others, and of another length, behind the store's back.
  virtual void damage(const Digest& digest) = 0;
};

// What not every driver can do. Tests of what this one cannot are skipped.
struct StoreCapabilities {
  bool survives_reopen = false;  // the harness has a reopen()
  bool keeps_files = false;      // the bytes of an upload are in a file, which it hands out
};

struct StoreUnderTest {
  std::function<std::unique_ptr<StoreHarness>()> make;
  StoreCapabilities can;
};

// To be instantiated with StoreUnderTest values. The tests are compiled in blob_testing.
class BlobStoreConformance : public ::testing::TestWithParam<StoreUnderTest> {
 protected:
  BlobStoreConformance();

  BlobStore& store() { return harness_->store(); }
  StoreHarness& harness() { return *harness_; }
  const StoreCapabilities& can() const { return GetParam().can; }
  Context& context() { return context_; }

  std::unique_ptr<Upload> start(const UploadId& id, HashAlgorithm also = HashAlgorithm::Sha256);
  std::unique_ptr<Upload> resume(const UploadId& id);

  // Writes, which must succeed.
  void write(Upload& upload, ByteView bytes);

  // A whole push.
  Digest put(ByteView bytes);

  // The bytes that the store answers with.
  Bytes get(const Digest& digest);

  bool is_there(const Digest& digest);

 private:
  const std::unique_ptr<StoreHarness> harness_;
  Context context_;
};

inline constexpr std::uint64_t kReadLimitBytes = std::uint64_t{64} << 20;  // for read_all()

// Bytes that differ at every place from one seed to the next.
Bytes sample_bytes(std::size_t size, unsigned seed);

Digest sha256_of(ByteView bytes);
Digest sha512_of(ByteView bytes);

// Runs `work` in so many threads at once, and waits for all.
void in_threads(int count, const std::function<void(int)>& work);

// A harness class with a constructor without arguments.
template <class Harness>
StoreUnderTest store_under_test(StoreCapabilities can = {}) {
  return {[]() -> std::unique_ptr<StoreHarness> { return std::make_unique<Harness>(); }, can};
}

// How gtest names the parameter in a failure.
void PrintTo(const StoreUnderTest& store, std::ostream* out);

}  // namespace entrepot::blob::testing
