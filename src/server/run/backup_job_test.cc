#include "server/run/backup_job.h"

#include "base/testing/assert_ok.h"

namespace entrepot::server {
namespace {

TEST(BackupJob, OutcomeIsReadAsItWasWritten) {
  const BackupOutcome made{{"metadata-20260131T120000Z.sqlite", {1, 2, 3, 4, 5}}, ""};
  const auto read = parse_backup_outcome(to_json(made));
  ASSERT_OK(read);
  EXPECT_EQ(read->made.name, made.made.name);
  EXPECT_EQ(read->made.contents.size_bytes, 1u);
  EXPECT_EQ(read->made.contents.repositories, 2u);
  EXPECT_EQ(read->made.contents.manifests, 3u);
  EXPECT_EQ(read->made.contents.tags, 4u);
  EXPECT_EQ(read->made.contents.blobs, 5u);
  EXPECT_EQ(read->failure, "");
  EXPECT_EQ(parse_backup_outcome(to_json(BackupOutcome{{}, "no \"room\""}))->failure,
            "no \"room\"");
}

TEST(BackupJob, OtherTextIsNone) {
  for (const char* wrong : {"", "[]", R"({"tags": -1})", R"({"name": 1})"}) {
    EXPECT_FAILS(InvalidArgument, parse_backup_outcome(wrong)) << wrong;
  }
  EXPECT_OK(parse_backup_outcome(R"({"later": true})"));
}

}  // namespace
}  // namespace entrepot::server
