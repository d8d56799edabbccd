#include "blob/testing/store_conformance.h"

#include <ostream>
#include <thread>
#include <vector>

namespace entrepot::blob::testing {

void in_threads(int count, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
}

Digest sha256_of(ByteView bytes) { return Digest::of(bytes); }
Digest sha512_of(ByteView bytes) { return Digest::of(bytes, HashAlgorithm::Sha512); }

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
  *out << "a store that " << (store.can.survives_reopen ? "can" : "cannot") << " be reopened and "
       << (store.can.keeps_files ? "keeps" : "does not keep") << " files";
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

}  // namespace entrepot::blob::testing
