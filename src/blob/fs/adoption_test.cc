// Directories that somebody else has filled: the distribution registry, an administrator, a crash.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"
#include "blob/fs/internal/layout.h"
#include "blob/fs/store.h"

namespace entrepot::blob::fs::testing {
namespace {

namespace stdfs = std::filesystem;
using entrepot::testing::TemporaryDirectory;

class FsAdoption : public ::testing::Test {
 protected:
  BlobStore& store() {
    if (!store_) {
      store_ = FsBlobStore::open({.directory = directory_.path(), .reserve_bytes = 0}).value();
    }
    return *store_;
  }

  std::string path(const Digest& digest) const { return directory_ / layout::blob_file(digest); }

  void make_parents(const std::string& file) const {
    stdfs::create_directories(stdfs::path(file).parent_path());
  }

  // As the other registry leaves it.
  Digest place(ByteView bytes) const {
    const Digest digest = Digest::of(bytes);
    make_parents(path(digest));
    std::ofstream(path(digest)) << bytes;
    return digest;
  }

  void push(ByteView bytes) {
    const auto upload = store().start(context_, UploadId::random(), HashAlgorithm::Sha256).value();
    ASSERT_OK(upload->write(context_, bytes));
    ASSERT_OK(upload->commit(context_, Digest::of(bytes)));
  }

  Bytes get(const Digest& digest) {
    auto source = store().open(context_, digest);
    return source ? read_all(context_, *source, 1000).value() : "";
  }

  std::vector<Digest> list() {
    std::vector<Digest> seen;
    EXPECT_OK(store().list(context_, std::nullopt, [&](const Stored& stored) {
      seen.push_back(stored.digest);
      return true;
    }));
    return seen;
  }

  Context context_;
  const TemporaryDirectory directory_ = TemporaryDirectory::in_memory();
  std::unique_ptr<FsBlobStore> store_;
};

TEST_F(FsAdoption, BlobsOfTheDistributionRegistryAreUsedInPlace) {
  // echo -n hello | sha256sum
  const std::string hex = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  const std::string file = directory_ / ("docker/registry/v2/blobs/sha256/2c/" + hex + "/data");
  make_parents(file);
  std::ofstream(file) << "hello";
  const Digest digest = Digest::parse("sha256:" + hex).value();
  EXPECT_EQ(store().stat(context_, digest)->size_bytes, 5u);
  EXPECT_EQ(get(digest), "hello");
  EXPECT_EQ(list(), std::vector{digest});
  ASSERT_OK(store().remove(context_, digest));
  EXPECT_FALSE(stdfs::exists(stdfs::path(file).parent_path()));
}

// docs/formats/blob-layout.md, and what going back to the other registry relies on.
TEST_F(FsAdoption, WhatWePushLiesWhereTheOtherRegistryWouldPutIt) {
  push("hello");
  const auto id = UploadId::parse("00000000-0000-4000-8000-000000000001").value();
  ASSERT_OK(store().start(context_, id, HashAlgorithm::Sha256).value()->pause(context_));
  std::vector<std::string> files;
  for (const auto& entry : stdfs::recursive_directory_iterator(directory_.path())) {
    if (!entry.is_directory()) {
      files.push_back(stdfs::relative(entry.path(), directory_.path()).string());
    }
  }
  std::sort(files.begin(), files.end());
  EXPECT_EQ(files, (std::vector<std::string>{
                       "docker/registry/v2/blobs/sha256/2c/"
                       "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824/data",
                       "entrepot/uploads/00000000-0000-4000-8000-000000000001",
                       "entrepot/uploads/00000000-0000-4000-8000-000000000001.state",
                   }));
}

TEST_F(FsAdoption, WhatIsNoBlobIsNotListed) {
  const Digest blob = place("a blob");
  const std::string prefix = directory_ / layout::prefix_directory(blob.hex());
  // Left by distribution's garbage collector: a directory without its file.
  stdfs::create_directories(directory_ / layout::blob_directory(Digest::of("collected")));
  // Names that are not digests, or stand in the wrong place.
  stdfs::create_directories(prefix + "/not-hex");
  stdfs::create_directories(prefix + "/" + std::string(64, 'A'));
  const std::string misplaced = blob.hex().substr(0, 2) == "00" ? "11" : "00";
  stdfs::create_directories(prefix + "/" + misplaced + blob.hex().substr(2));
  for (const std::string file : {"/README", "/fe", "/ff"}) {
    std::ofstream(directory_ / (std::string(layout::kBlobs) + file)) << "hello";
  }
  EXPECT_EQ(list(), std::vector{blob});
}

// It may lead to any file that we can read: /etc/shadow, to a server that runs as root.
TEST_F(FsAdoption, LinkInABlobsPlaceIsNoBlobUntilThePushThatReplacesIt) {
  const Digest digest = Digest::of("elsewhere");
  std::ofstream(directory_ / "elsewhere") << "elsewhere";
  make_parents(path(digest));
  stdfs::create_symlink(directory_ / "elsewhere", path(digest));
  EXPECT_FAILS(NotFound, store().open(context_, digest));
  EXPECT_FAILS(NotFound, store().stat(context_, digest));
  EXPECT_TRUE(list().empty());
  push("elsewhere");
  EXPECT_EQ(get(digest), "elsewhere");
  EXPECT_FALSE(stdfs::is_symlink(path(digest)));
  EXPECT_TRUE(stdfs::exists(directory_ / "elsewhere"));
}

// As administrators do when one disk is full.
TEST_F(FsAdoption, FolderOfBlobsMayLieOnAnotherDisk) {
  const Digest digest = place("bytes");
  const TemporaryDirectory other = TemporaryDirectory::in_memory();
  const std::string blobs = directory_ / "docker/registry/v2/blobs";
  stdfs::rename(blobs, other / "blobs");
  stdfs::create_directory_symlink(other / "blobs", blobs);
  EXPECT_EQ(get(digest), "bytes");
  EXPECT_EQ(list(), std::vector{digest});
  push("more");
  EXPECT_EQ(get(Digest::of("more")), "more");
  ASSERT_OK(store().remove(context_, digest));
  EXPECT_FAILS(NotFound, store().stat(context_, digest));
}

// A directory where the file should be is damage, and heals like any other.
TEST_F(FsAdoption, DirectoryInTheBlobsPlaceIsNoBlobUntilThePushThatReplacesIt) {
  const Digest digest = Digest::of("bytes");
  stdfs::create_directories(path(digest) + "/something");
  EXPECT_FAILS(NotFound, store().stat(context_, digest));
  EXPECT_FAILS(NotFound, store().open(context_, digest));
  EXPECT_TRUE(list().empty());
  push("bytes");
  EXPECT_EQ(get(digest), "bytes");
}

TEST_F(FsAdoption, DirectoryInTheBlobsPlaceCanBeRemovedAndQuarantined) {
  const Digest digest = Digest::of("bytes");
  stdfs::create_directories(path(digest) + "/something");
  EXPECT_OK(store().remove(context_, digest));
  EXPECT_FAILS(NotFound, store().open(context_, digest));
  stdfs::create_directories(path(digest) + "/something");
  EXPECT_OK(store().quarantine(context_, digest));
  EXPECT_FAILS(NotFound, store().open(context_, digest));
}

// So are a file in the place of its directory, and a link that leads nowhere or to itself.
TEST_F(FsAdoption, WhateverElseHasTheBlobsNameIsNoBlob) {
  const Digest digest = Digest::of("bytes");
  const std::string folder = stdfs::path(path(digest)).parent_path();
  make_parents(folder);
  std::ofstream(folder) << "a file";
  EXPECT_FAILS(NotFound, store().open(context_, digest));
  EXPECT_FAILS(NotFound, store().stat(context_, digest));
  stdfs::remove(folder);
  make_parents(path(digest));
  for (const std::string& target : {path(digest), path(digest) + ".nowhere"}) {
    stdfs::create_symlink(target, path(digest));
    EXPECT_FAILS(NotFound, store().open(context_, digest));
    EXPECT_FAILS(NotFound, store().stat(context_, digest));
    EXPECT_OK(store().quarantine(context_, digest));
    make_parents(path(digest));
  }
  push("bytes");
  EXPECT_EQ(get(digest), "bytes");
}

// An administrator may tidy up empty directories behind our back.
TEST_F(FsAdoption, DirectoriesThatWereTakenAwayAreMadeAgain) {
  push("bytes");
  const Digest digest = Digest::of("bytes");
  ASSERT_OK(store().remove(context_, digest));
  stdfs::remove(directory_ / layout::prefix_directory(digest.hex()));
  push("bytes");
  EXPECT_EQ(get(digest), "bytes");
}

TEST_F(FsAdoption, MissingDirectoryIsNotFound) {
  EXPECT_FAILS(NotFound, FsBlobStore::open({.directory = directory_ / "nowhere"}));
}

}  // namespace
}  // namespace entrepot::blob::fs::testing
