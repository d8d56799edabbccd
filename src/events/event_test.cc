#include "events/event.h"

#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace entrepot::events {
namespace {

constexpr std::pair<EventKind, int> kKinds[] = {
    {EventKind::ManifestPushed, 1},     {EventKind::TagDeleted, 2},
    {EventKind::ManifestDeleted, 3},    {EventKind::BlobDeleted, 4},
    {EventKind::RepositoryCreated, 7},  {EventKind::AccountCreated, 8},
    {EventKind::AccountChanged, 9},     {EventKind::SecretCreated, 10},
    {EventKind::SecretRemoved, 11},     {EventKind::MemberChanged, 12},
    {EventKind::GrantCreated, 13},      {EventKind::GrantRemoved, 14},
    {EventKind::RepositoryChanged, 15}, {EventKind::SignedIn, 16},
    {EventKind::SignInFailed, 17},
};

TEST(EventKind, HasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (const auto& [kind, number] : kKinds) {
    EXPECT_NE(name_of(kind), "unknown");
    EXPECT_NE(name_of(kind).find('.'), std::string_view::npos) << name_of(kind);
    names.insert(name_of(kind));
  }
  EXPECT_EQ(names.size(), std::size(kKinds));
}

// Journals on disk hold the numbers.
TEST(EventKind, NumbersNeverChange) {
  for (const auto& [kind, number] : kKinds) EXPECT_EQ(static_cast<int>(kind), number);
}

TEST(EventKind, UnknownNumberIsToldAsSuch) {
  EXPECT_EQ(name_of(static_cast<EventKind>(999)), "unknown");
  EXPECT_EQ(name_of(static_cast<EventKind>(5)), "unknown");  // once a kind
}

}  // namespace
}  // namespace entrepot::events
