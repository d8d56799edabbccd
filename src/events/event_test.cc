#include "events/event.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace entrepot::events {
namespace {

constexpr EventKind kKinds[] = {
    EventKind::ManifestPushed, EventKind::TagDeleted,  EventKind::ManifestDeleted,
    EventKind::BlobDeleted,    EventKind::BlobMounted, EventKind::BlobPushed,
};

TEST(EventKind, HasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (const EventKind kind : kKinds) {
    EXPECT_NE(name_of(kind), "unknown");
    EXPECT_NE(name_of(kind).find('.'), std::string_view::npos) << name_of(kind);
    names.insert(name_of(kind));
  }
  EXPECT_EQ(names.size(), std::size(kKinds));
}

// Journals on disk hold the numbers.
TEST(EventKind, NumbersNeverChange) {
  int expected = 1;
  for (const EventKind kind : kKinds) EXPECT_EQ(static_cast<int>(kind), expected++);
}

TEST(EventKind, UnknownNumberIsToldAsSuch) {
  EXPECT_EQ(name_of(static_cast<EventKind>(999)), "unknown");
}

}  // namespace
}  // namespace entrepot::events
