#include "people/powers.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "access/pattern.h"
#include "people/roles.h"

namespace entrepot::people {
namespace {

using access::Action;
using meta::AccountId;
using meta::HolderKind;
using meta::MemberRole;
using meta::RepositoryId;
using meta::RepositoryRole;
using meta::SystemRole;
using Verdict = access::Decision::Verdict;

const AccountId kAlice{1};
const AccountId kAcme{2};
const AccountId kBob{3};
const WallTime kNow = from_unix_micros(1'000'000'000);

Standing user(SystemRole role = SystemRole::None) {
  Standing standing;
  standing.id = kAlice;
  standing.name = "alice";
  standing.role = role;
  return standing;
}
Standing in_acme(MemberRole role) {
  Standing standing = user();
  standing.organisations = {{kAcme, "acme", role, RepositoryRole::Read}};
  return standing;
}
Standing robot(Standing standing) {
  standing.kind = meta::AccountKind::Robot;
  standing.name = "acme/ci";
  return standing;
}

// Each caller's letter: y yes, n no (403), - nothing is there (404), ? who are you (401).
char letter_of(const access::Decision& decision) {
  switch (decision.verdict) {
    case Verdict::Allowed:
      return 'y';
    case Verdict::Absent:
      return '-';
    case Verdict::Unauthenticated:
      return '?';
    default:
      return 'n';
  }
}

TEST(Powers, AreThoseOfTheTable) {
  Standing disabled = user(SystemRole::Admin);
  disabled.active = false;
  const Standing callers[] = {user(SystemRole::Admin),
                              user(SystemRole::Auditor),
                              in_acme(MemberRole::Owner),
                              in_acme(MemberRole::Editor),
                              in_acme(MemberRole::Member),
                              user(),
                              robot(user()),
                              robot(in_acme(MemberRole::Owner)),
                              Standing{},
                              disabled};
  const Target acme{kAcme, "acme"};
  const Target alice{kAlice, "alice"};
  const Target bob{kBob, "bob"};
  const Target nobody{{}, "library"};
  // Admin, auditor, owner, editor, member, stranger, robot, robot that is owner, anonymous,
  // disabled.
  const std::tuple<Deed, Target, std::string> rows[] = {
      {Deed::ListEverybody, {}, "yynnnnnn??"},
      {Deed::ManageAccounts, {}, "ynnnnnnn??"},
      {Deed::ManageAccounts, bob, "ynnnnn--??"},
      {Deed::ManageAccounts, acme, "ynnnnn-n??"},
      {Deed::Find, bob, "yyyyyy--??"},
      {Deed::Find, acme, "yyyyyy-y??"},
      {Deed::ReadAccount, bob, "yynnnn--??"},
      {Deed::ReadAccount, alice, "yyyyyyyy??"},
      {Deed::SetPassword, bob, "ynnnnn--??"},
      {Deed::SetPassword, alice, "yyyyyyyy??"},
      {Deed::ManageSecrets, bob, "ynnnnn--??"},
      {Deed::ManageSecrets, alice, "yyyyyyyy??"},
      {Deed::MakeTokens, bob, "nnnnnn--??"},
      {Deed::MakeTokens, alice, "yyyyyyyy??"},
      {Deed::ReadOrganisation, acme, "yyyyyn-y??"},
      {Deed::ManageOrganisation, acme, "ynynnn-y??"},
      {Deed::ReadRobots, acme, "yyyyy--y??"},
      {Deed::ManageRobots, acme, "ynynn--y??"},
      {Deed::ManageRobots, bob, "yn------??"},
      {Deed::ManageRobots, alice, "yyyyyyyy??"},
      {Deed::ManageRobots, nobody, "yn------??"},
      {Deed::ReadGrants, acme, "yyynnn-y??"},
      {Deed::ReadGrants, nobody, "yynnnn--??"},
      {Deed::ManageGrants, acme, "ynynnn-y??"},
      {Deed::ManageGrants, bob, "ynnnnn--??"},
      {Deed::ReadAudit, acme, "yyynnn-y??"},
      {Deed::ReadAudit, alice, "yyyyyyyy??"},
      {Deed::ReadAudit, bob, "yynnnn--??"},
      {Deed::ReadAudit, nobody, "yynnnn--??"},
  };
  for (const auto& [deed, target, expected] : rows) {
    std::string found;
    for (const Standing& caller : callers) found += letter_of(may(caller, deed, target));
    EXPECT_EQ(found, expected) << static_cast<int>(deed) << ' ' << target.name;
  }
}

TEST(Powers, ARefusalSaysWhomToAsk) {
  EXPECT_EQ(may(user(), Deed::ManageOrganisation, {kAcme, "acme"}).reason,
            "alice may not change members, teams or settings of acme: that is for its owners");
  EXPECT_EQ(may(user(), Deed::SetPassword, {kBob, "bob"}).reason,
            "alice may not set the password of bob: that is for bob and system admins");
}

// Whose robots they are is not told by what a stranger is answered.
TEST(Powers, WhatMayNotBeKnownIsRefusedAsWhatIsNotThere) {
  const auto there = may(user(), Deed::ManageRobots, {kAcme, "acme"});
  const auto absent = may(user(), Deed::ManageRobots, {{}, "acme"});
  EXPECT_EQ(there.verdict, absent.verdict);
  EXPECT_EQ(there.reason, absent.reason);
}

Ground ground_of(const std::string& pattern, AccountId owner, bool is_there = true) {
  Ground ground{.pattern = pattern, .owner = {owner, "acme"}, .place = {}};
  if (access::Pattern::parse(pattern)->is_literal()) {
    ground.place = Place{RepositoryId{is_there ? 7 : 0}, meta::Visibility::Private, owner};
  }
  return ground;
}

HeldGrant admin_on(const std::string& pattern) {
  HeldGrant grant;
  grant.role = RepositoryRole::Admin;
  grant.pattern = pattern;
  return grant;
}

TEST(Powers, GrantsAreTheOwnersAndOfOneRepositoryItsAdmins) {
  const auto letters = [](const Standing& caller, HolderKind to = HolderKind::Account,
                          std::optional<WallTime> until = {}) {
    std::string found;
    for (const char* pattern : {"acme/app", "acme/*", "acme/**", "**", "app"}) {
      const bool in_acme = std::string_view(pattern).starts_with("acme/");
      found += letter_of(
          may_grant(caller, ground_of(pattern, in_acme ? kAcme : AccountId{}), to, until));
    }
    return found;
  };
  EXPECT_EQ(letters(user(SystemRole::Admin)), "yyyyy");
  EXPECT_EQ(letters(user(SystemRole::Admin), HolderKind::Anonymous), "yyyyy");
  EXPECT_EQ(letters(user(SystemRole::Auditor)), "nnnnn");
  EXPECT_EQ(letters(in_acme(MemberRole::Owner)), "yyynn");
  EXPECT_EQ(letters(in_acme(MemberRole::Owner), HolderKind::Anonymous), "nnnnn");
  EXPECT_EQ(letters(in_acme(MemberRole::Owner), HolderKind::Provider), "nnnnn");
  EXPECT_EQ(letters(in_acme(MemberRole::Editor)), "nnnnn");
  EXPECT_EQ(letters(user()), "nnnnn");
  EXPECT_EQ(letters(Standing{}), "?????");
  Standing admin_there = user();
  admin_there.grants = {admin_on("acme/**")};
  EXPECT_EQ(letters(admin_there), "ynnnn");
  admin_there.grants[0].expires_at = kNow;
  EXPECT_EQ(letters(admin_there), "nnnnn") << "nobody gives for longer than they have";
  EXPECT_EQ(letters(admin_there, HolderKind::Account, kNow - std::chrono::seconds(1)), "ynnnn");
  admin_there.grants[0].expires_at.reset();
  admin_there.grants[0].networks = {"10.0.0.0/8"};
  admin_there.grants[0].from = net::Networks::parse({"10.0.0.0/8"}).value();
  EXPECT_EQ(letters(admin_there), "nnnnn") << "nor from where they have nothing";
}

TEST(Powers, WhoManagesAPatternTakesBackWhatOthersGaveThere) {
  const Ground all = ground_of("acme/*", kAcme);
  EXPECT_EQ(letter_of(may_revoke(in_acme(MemberRole::Owner), all, kNow)), 'y');
  EXPECT_EQ(letter_of(may_revoke(in_acme(MemberRole::Editor), all, kNow)), '-');
  EXPECT_EQ(letter_of(may_revoke(user(SystemRole::Auditor), all, kNow)), 'n');
  EXPECT_EQ(letter_of(may_revoke(in_acme(MemberRole::Owner), ground_of("**", {}), kNow)), '-');
}

// Names of every shape below three namespaces, and one below none, each there or not.
struct World {
  std::map<std::string, Place> places;
  World() {
    int id = 10;
    const std::pair<const char*, AccountId> spaces[] = {
        {"acme/", kAcme}, {"alice/", kAlice}, {"bob/", kBob}, {"", {}}};
    for (const auto& [space, owner] : spaces) {
      for (const char* name : {"app", "web/app", "web/x/app", "b"}) {
        const std::string full = std::string(space) + name;
        const bool below = full.find('/') != std::string::npos;
        ++id;
        places[full] = Place{RepositoryId{id % 3 == 0 ? 0 : id}, meta::Visibility::Private,
                             below && *space != '\0' ? owner : AccountId{}};
      }
    }
  }
};

Standing anybody(std::mt19937& random, const World& world) {
  const auto one_of = [&](const auto& all) { return all[random() % std::size(all)]; };
  Standing standing = user(random() % 10 == 0   ? SystemRole::Admin
                           : random() % 10 == 0 ? SystemRole::Auditor
                                                : SystemRole::None);
  if (random() % 4 == 0) standing = robot(standing);
  if (random() % 2 == 0) {
    standing.organisations = {{kAcme, "acme", static_cast<MemberRole>(1 + random() % 3),
                               static_cast<RepositoryRole>(random() % 3)}};
  }
  constexpr const char* kPatterns[] = {"acme/**", "acme/*", "acme/app", "acme/web/*", "bob/b",
                                       "bob/**",  "**",     "app",      "*/app"};
  for (auto n = random() % 3; n > 0; --n) {
    HeldGrant grant = admin_on(one_of(kPatterns));
    grant.role = static_cast<RepositoryRole>(1 + random() % 4);
    if (random() % 4 == 0) grant.expires_at = kNow + std::chrono::hours(random() % 3);
    const auto place = world.places.find(grant.pattern);
    if (place != world.places.end() && random() % 2 == 0) grant.repository = place->second.id;
    standing.grants.push_back(std::move(grant));
  }
  return standing;
}

// Whatever a grant allows, now and until it ends, whoever made it may do themselves.
TEST(Powers, NobodyGivesWhatTheyLack) {
  std::mt19937 random(7);
  const World world;
  constexpr const char* kPatterns[] = {"acme/**", "acme/*",  "acme/app", "acme/web/x/app",
                                       "alice/*", "alice/b", "bob/*",    "bob/b",
                                       "**",      "app",     "*/app",    "*/**"};
  int given = 0;
  for (int i = 0; i < 50'000; ++i) {
    const Standing caller = anybody(random, world);
    const auto pattern = access::Pattern::parse(kPatterns[random() % std::size(kPatterns)]).value();
    Ground ground{.pattern = pattern.str(), .owner = {}, .place = {}};
    const std::string_view space = pattern.name_space();
    if (!space.empty()) {
      ground.owner = {space == "acme"    ? kAcme
                      : space == "alice" ? kAlice
                                         : kBob,
                      std::string(space)};
    }
    if (pattern.is_literal()) ground.place = world.places.at(pattern.str());
    std::optional<WallTime> until;
    if (random() % 2 == 0) until = kNow + std::chrono::minutes(random() % 120);
    if (!may_grant(caller, ground, HolderKind::Account, until).allowed()) continue;
    ++given;
    const access::Subject subject(access::SubjectKind::User, caller.id.value, caller.name);
    for (const auto& [name, place] : world.places) {
      if (!pattern.matches(name)) continue;
      for (const WallTime at : {kNow, until.value_or(kNow + std::chrono::hours(24 * 365))}) {
        for (std::size_t a = static_cast<std::size_t>(Action::See); a < access::kActions; ++a) {
          ASSERT_TRUE(judge(caller, place,
                            {.subject = subject,
                             .action = static_cast<Action>(a),
                             .repository = name,
                             .address = {},
                             .at = at})
                          .allowed())
              << i << ' ' << pattern.str() << ' ' << name << ' ' << a;
        }
      }
    }
  }
  EXPECT_GT(given, 5'000);
  EXPECT_LT(given, 40'000);
}

}  // namespace
}  // namespace entrepot::people
