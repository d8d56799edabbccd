#include "collect/job.h"

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"

namespace entrepot::collect {
namespace {

using namespace std::chrono_literals;

TEST(CollectJob, RequestIsReadAsItWasWritten) {
  for (const bool dry_run : {false, true}) {
    for (const bool untagged : {false, true}) {
      for (const auto delay :
           {std::optional<std::chrono::seconds>(), std::optional(0s), std::optional(90s)}) {
        const auto read = parse_request(to_json(Request{delay, dry_run, untagged})).value();
        EXPECT_EQ(read.dry_run, dry_run);
        EXPECT_EQ(read.delete_untagged, untagged);
        EXPECT_EQ(read.delay, delay);
      }
    }
  }
}

TEST(CollectJob, AbsentFieldsMeanTheDefaults) {
  const auto read = parse_request(R"({"later": "thing"})").value();
  EXPECT_FALSE(read.dry_run);
  EXPECT_FALSE(read.delete_untagged);
  EXPECT_FALSE(read.delay);
}

TEST(CollectJob, OtherTextIsRefused) {
  for (const char* text : {"", "[]", "{", R"({"dry_run": 1})", R"({"delay_seconds": -1})",
                           R"({"delay_seconds": "1h"})", R"({"delay_seconds": 99999999999999})"}) {
    EXPECT_FAILS(InvalidArgument, parse_request(text)) << text;
  }
  EXPECT_FAILS(InvalidArgument, parse_progress(R"({"removed": -1})"));
}

TEST(CollectJob, ProgressIsReadAsItWasWritten) {
  const Progress progress{1, 2, 3, 4, 5'000'000'000, 6, 7};
  const auto json = to_json(progress);
  EXPECT_EQ(json, R"({"untagged":1,"reviewed":2,"kept":3,"removed":4,"freed_bytes":5000000000,)"
                  R"("failed":6,"left":7})");
  EXPECT_EQ(to_json(parse_progress(json).value()), json);
}

}  // namespace
}  // namespace entrepot::collect
