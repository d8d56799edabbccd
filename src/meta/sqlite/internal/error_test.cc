#include "meta/sqlite/internal/error.h"

#include <cerrno>

#include <gtest/gtest.h>

namespace entrepot::meta::sqlite {
namespace {

struct Case {
  int code;
  int system_errno;
  ErrorCode expected;
  bool damage;
};

TEST(SqliteError, CodesSayWhatTheCallerCanDo) {
  const Case cases[] = {
      {SQLITE_FULL, 0, ErrorCode::StorageFull, false},
      {SQLITE_IOERR_WRITE, EDQUOT, ErrorCode::StorageFull, false},
      {SQLITE_IOERR_FSYNC, ENOSPC, ErrorCode::StorageFull, false},
      {SQLITE_IOERR_SHMSIZE, ENOSPC, ErrorCode::StorageFull, false},
      {SQLITE_CANTOPEN, EMFILE, ErrorCode::Unavailable, false},
      {SQLITE_BUSY, 0, ErrorCode::Unavailable, false},
      {SQLITE_BUSY_SNAPSHOT, 0, ErrorCode::Unavailable, false},
      {SQLITE_READONLY_DBMOVED, 0, ErrorCode::Unavailable, false},
      {SQLITE_NOMEM, ENOMEM, ErrorCode::Unavailable, false},
      {SQLITE_IOERR_NOMEM, ENOMEM, ErrorCode::Unavailable, false},
      {SQLITE_IOERR_WRITE, EROFS, ErrorCode::Unavailable, false},
      {SQLITE_IOERR_WRITE, EIO, ErrorCode::Unavailable, true},
      {SQLITE_IOERR_FSYNC, EIO, ErrorCode::Unavailable, true},
      {SQLITE_IOERR_READ, EIO, ErrorCode::Unavailable, true},
      {SQLITE_IOERR_SHORT_READ, 0, ErrorCode::Unavailable, true},
      {SQLITE_IOERR_CORRUPTFS, EIO, ErrorCode::Corrupt, true},
      {SQLITE_CORRUPT, 0, ErrorCode::Corrupt, true},
      {SQLITE_CORRUPT_INDEX, 0, ErrorCode::Corrupt, true},
      {SQLITE_NOTADB, 0, ErrorCode::Corrupt, true},
      {SQLITE_INTERRUPT, 0, ErrorCode::Cancelled, false},
      {SQLITE_TOOBIG, 0, ErrorCode::TooLarge, false},
      {SQLITE_CONSTRAINT_FOREIGNKEY, 0, ErrorCode::Internal, false},
      {SQLITE_ERROR, 0, ErrorCode::Internal, false},
  };
  for (const Case& each : cases) {
    const Failing failing{nullptr, each.code, each.system_errno};
    SCOPED_TRACE(fmt::format("code {}, errno {}", each.code, each.system_errno));
    EXPECT_EQ(error_of(failing, "testing").code, each.expected);
    EXPECT_EQ(is_damage(failing), each.damage);
  }
}

TEST(SqliteError, MessageTellsWhatWasDoneAndBothNumbers) {
  const std::string message = error_of({nullptr, SQLITE_FULL, ENOSPC}, "testing").message;
  EXPECT_EQ(message,
            fmt::format("testing: database or disk is full (SQLite code 13, errno {})", ENOSPC));
}

}  // namespace
}  // namespace entrepot::meta::sqlite
