#include "file/error.h"

#include <cerrno>

#include "base/testing/assert_ok.h"

namespace entrepot::file {
namespace {

TEST(FileError, TellsWhatIsThereFromWhatIsAway) {
  EXPECT_EQ(code_of(ENOENT), ErrorCode::NotFound);
  EXPECT_EQ(code_of(EEXIST), ErrorCode::AlreadyExists);
  for (const int other_kind : {ENOTDIR, EISDIR, ENOTEMPTY, ENXIO, ELOOP}) {
    EXPECT_EQ(code_of(other_kind), ErrorCode::Conflict) << other_kind;
  }
  for (const int full : {ENOSPC, EDQUOT, EFBIG}) {
    EXPECT_EQ(code_of(full), ErrorCode::StorageFull) << full;
  }
  for (const int away : {EACCES, EPERM, EROFS, EIO, ESTALE, EMFILE, ENOTCONN, EINTR, 0}) {
    EXPECT_EQ(code_of(away), ErrorCode::Unavailable) << away;
  }
}

TEST(FileError, SaysWhatWasDoneAndWhatTheSystemSaid) {
  const Error error = failed(ENOENT, "opening {} of {}", "a", "b").value();
  EXPECT_EQ(error.message, "opening a of b: No such file or directory");
  EXPECT_EQ(error.code, ErrorCode::NotFound);
}

// Who waits for the answer can do something about it; who asks a store cannot.
TEST(FileError, OnlyWhoNamedAFileIsDenied) {
  for (const int refusal : {EACCES, EPERM, EROFS}) {
    EXPECT_EQ(refused(refusal, "opening {}", "a").value().code, ErrorCode::Denied) << refusal;
    EXPECT_EQ(failed(refusal, "opening {}", "a").value().code, ErrorCode::Unavailable) << refusal;
  }
  EXPECT_EQ(refused(ENOENT, "opening {}", "a").value().code, ErrorCode::NotFound);
  EXPECT_EQ(refused(EIO, "opening {}", "a").value().message, "opening a: Input/output error");
}

}  // namespace
}  // namespace entrepot::file
