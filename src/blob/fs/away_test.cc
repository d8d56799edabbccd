// A store whose folders are gone from under it says so, and never that a blob is not there.

#include <filesystem>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"
#include "blob/fs/internal/layout.h"
#include "blob/fs/store.h"

namespace entrepot::blob::fs {
namespace {

namespace stdfs = std::filesystem;

class FsAway : public ::testing::Test {
 protected:
  FsAway() : store_(FsBlobStore::open({.directory = directory_.path()}).value()) {
    EXPECT_OK(push("here"));
  }

  Result<Stored> push(const std::string& bytes) {
    TRY_ASSIGN(auto upload, store_->start(context_, UploadId::random(), HashAlgorithm::Sha256));
    TRY(upload->write(context_, bytes));
    return upload->commit(context_, Digest::of(bytes));
  }

  // Nothing can be pushed.
  void expect_uploads_away() {
    const UploadId id = UploadId::random();
    EXPECT_FAILS(Unavailable, push("more"));
    EXPECT_FAILS(Unavailable, store_->resume(context_, id));
    EXPECT_FAILS(Unavailable, store_->upload_offset(context_, id));
    EXPECT_FAILS(Unavailable, store_->cancel(context_, id));
    EXPECT_FAILS(Unavailable, store_->check_writable(context_));
    EXPECT_FAILS(Unavailable, store_->require_room(context_));
  }

  // Nor can be told what is there.
  void expect_away() {
    expect_uploads_away();
    EXPECT_FAILS(Unavailable, store_->stat(context_, Digest::of("here")));
    EXPECT_FAILS(Unavailable, store_->open(context_, Digest::of("here")));
    EXPECT_FAILS(Unavailable, store_->remove(context_, Digest::of("nowhere")));
    EXPECT_FAILS(Unavailable, store_->quarantine(context_, Digest::of("nowhere")));
    EXPECT_FAILS(Unavailable,
                 store_->list(context_, std::nullopt, [](const Stored&) { return true; }));
    EXPECT_FAILS(Unavailable, store_->require_present());
  }

  std::string path(std::string_view place) { return directory_ / std::string(place); }

  entrepot::testing::TemporaryDirectory directory_;
  Context context_;
  std::unique_ptr<FsBlobStore> store_;
};

TEST_F(FsAway, WithoutTheFolderOfTheBlobsUntilItIsBack) {
  for (const std::string_view place : {layout::kBlobs, std::string_view("docker")}) {
    stdfs::rename(path(place), path("away"));
    expect_away();
    stdfs::rename(path("away"), path(place));
    EXPECT_OK(store_->require_present());
    EXPECT_OK(store_->stat(context_, Digest::of("here")));
    EXPECT_FAILS(NotFound, store_->stat(context_, Digest::of("nowhere")));
    EXPECT_OK(push("more"));
  }
}

// What is there can be read on.
TEST_F(FsAway, WithoutTheFolderOfTheUploadsUntilItIsBack) {
  for (const std::string_view place : {layout::kUploads, std::string_view("entrepot")}) {
    stdfs::rename(path(place), path("away"));
    expect_uploads_away();
    EXPECT_OK(store_->open(context_, Digest::of("here")));
    EXPECT_FAILS(NotFound, store_->stat(context_, Digest::of("nowhere")));
    EXPECT_OK(store_->require_present());
    stdfs::rename(path("away"), path(place));
    EXPECT_OK(push("more"));
  }
}

// A disk that is not mounted leaves an empty folder in its place, which tells nothing about blobs.
TEST_F(FsAway, WithAnotherFolderInTheBlobsPlace) {
  stdfs::rename(path(layout::kBlobs), path("away"));
  stdfs::create_directory(path(layout::kBlobs));
  expect_away();
  EXPECT_TRUE(stdfs::is_empty(path(layout::kBlobs)));
}

// An upload that had begun meets it, too.
TEST_F(FsAway, InTheMiddleOfAnUpload) {
  const UploadId id = UploadId::random();
  auto upload = store_->start(context_, id, HashAlgorithm::Sha256).value();
  ASSERT_OK(upload->write(context_, "some"));
  stdfs::rename(path(layout::kUploads), path("away"));
  EXPECT_FAILS(Unavailable, upload->pause(context_));
  EXPECT_FAILS(Unavailable, store_->upload_offset(context_, id));
}

// Messages may reach clients, who are not to learn where things are.
TEST_F(FsAway, NoAnswerNamesAPath) {
  const Digest blob = Digest::of("nowhere");
  const UploadId id = UploadId::random();
  std::vector<Error> errors = {
      store_->stat(context_, blob).error(),   store_->open(context_, blob).error(),
      store_->remove(context_, blob).error(), store_->quarantine(context_, blob).error(),
      store_->resume(context_, id).error(),   store_->upload_offset(context_, id).error(),
      store_->cancel(context_, id).error()};
  auto upload = store_->start(context_, id, HashAlgorithm::Sha256).value();
  ASSERT_OK(upload->write(context_, "some"));
  stdfs::remove(path(layout::upload_file(id)));
  for (const Error& error : errors) EXPECT_EQ(error.code, ErrorCode::NotFound) << error.message;
  errors.push_back(upload->commit(context_, Digest::of("some")).error());
  EXPECT_EQ(errors.back().code, ErrorCode::Unavailable) << "a fault of ours, not the client's";
  for (const Error& error : errors) {
    EXPECT_EQ(error.message.find('/'), std::string::npos) << error.message;
  }
}

// The quarantine is made anew: nobody misses what was in it.
TEST_F(FsAway, QuarantineIsMadeAgain) {
  stdfs::remove_all(path(layout::kQuarantine));
  EXPECT_OK(store_->purge(context_, {}));
  ASSERT_OK(store_->quarantine(context_, Digest::of("here")));
  EXPECT_FALSE(stdfs::is_empty(path(layout::kQuarantine)));
  EXPECT_FAILS(NotFound, store_->quarantine(context_, Digest::of("here")));
}

}  // namespace
}  // namespace entrepot::blob::fs
