#include "people/rights.h"

#include <random>

#include <gtest/gtest.h>

#include "access/pattern.h"
#include "people/roles.h"

namespace entrepot::people {
namespace {

using access::Action;
using access::Question;
using access::Subject;
using access::SubjectKind;
using meta::AccountId;
using meta::MemberRole;
using meta::RepositoryId;
using meta::RepositoryRole;
using meta::SystemRole;
using meta::Visibility;
using Verdict = access::Decision::Verdict;

const AccountId kAlice{1};
const AccountId kAcme{2};
const WallTime kNow = from_unix_micros(1'000'000'000);

Standing alice() {
  Standing standing;
  standing.id = kAlice;
  standing.name = "alice";
  return standing;
}
Place private_place() { return {RepositoryId{7}, Visibility::Private, kAcme}; }

access::Decision ask(const Standing& standing, const Place& place, Action action,
                     std::string_view repository = "acme/app") {
  const Subject subject = standing.id ? Subject(SubjectKind::User, standing.id.value, standing.name)
                                      : Subject::anonymous();
  return judge(
      standing, place,
      {.subject = subject, .action = action, .repository = repository, .address = {}, .at = kNow},
      Detail::WhyAllowed);
}

HeldGrant grant_of(RepositoryRole role, const std::string& pattern) {
  HeldGrant grant;
  grant.id = 7;
  grant.holder = kAlice.value;
  grant.holder_name = "alice";
  grant.role = role;
  grant.pattern = pattern;
  return grant;
}

TEST(Rights, EachRoleIncludesThoseBeforeIt) {
  const std::pair<RepositoryRole, Action> first[] = {{RepositoryRole::Read, Action::Pull},
                                                     {RepositoryRole::Write, Action::Push},
                                                     {RepositoryRole::Maintain, Action::Delete},
                                                     {RepositoryRole::Admin, Action::Grant}};
  for (const auto& [role, unused] : first) {
    Standing standing = alice();
    standing.grants = {grant_of(role, "acme/**")};
    for (const auto& [needed, action] : first) {
      EXPECT_EQ(ask(standing, private_place(), action).allowed(), needed <= role);
      EXPECT_EQ(role_needed(action), needed);
    }
  }
}

TEST(Rights, SayWhyAndWhoCouldGiveMore) {
  Standing standing = alice();
  standing.grants = {grant_of(RepositoryRole::Write, "acme/app")};
  EXPECT_EQ(ask(standing, private_place(), Action::Push).reason,
            "grant 7: user:alice write acme/app");
  EXPECT_EQ(ask(standing, private_place(), Action::Delete).reason,
            "alice may not delete from acme/app: that needs maintain, which acme's owners give");
  EXPECT_EQ(ask(standing, {}, Action::Push, "app").reason,
            "alice may not push to app: a name without a namespace is the system admins'; use "
            "alice/app");
}

TEST(Rights, WhatMayNotBeSeenIsRefusedAsWhatIsNotThere) {
  for (const Action action : {Action::Pull, Action::Push, Action::Delete}) {
    const auto there = ask(alice(), private_place(), action);
    const auto absent = ask(alice(), {RepositoryId{}, Visibility::Private, kAcme}, action);
    EXPECT_FALSE(there.allowed());
    EXPECT_EQ(there.verdict, absent.verdict);
    EXPECT_EQ(there.reason, absent.reason);
  }
  EXPECT_EQ(ask(alice(), private_place(), Action::Pull).verdict, Verdict::Absent);
  EXPECT_EQ(ask(alice(), private_place(), Action::Push).verdict, Verdict::Denied);
  EXPECT_EQ(ask(Standing{}, private_place(), Action::Pull).verdict, Verdict::Unauthenticated);
}

TEST(Rights, VisibilityOpensPullsAlone) {
  Place place = private_place();
  place.visibility = Visibility::Public;
  EXPECT_TRUE(ask(Standing{}, place, Action::Pull).allowed());
  EXPECT_FALSE(ask(alice(), place, Action::Push).allowed());
  place.visibility = Visibility::Internal;
  EXPECT_FALSE(ask(Standing{}, place, Action::Pull).allowed());
  EXPECT_TRUE(ask(alice(), place, Action::Pull).allowed());
  Standing robot = alice();
  robot.kind = meta::AccountKind::Robot;
  EXPECT_FALSE(ask(robot, place, Action::Pull).allowed()) << "robots only by a grant";
  place.visibility = Visibility::Unset;
  EXPECT_FALSE(ask(alice(), place, Action::Pull).allowed()) << "nobody said that it is public";
}

TEST(Rights, MembersReachWhatIsThereAndEditorsMakeMore) {
  const Place absent{RepositoryId{}, Visibility::Private, kAcme};
  Standing standing = alice();
  standing.organisations = {{kAcme, "acme", MemberRole::Member, RepositoryRole::Write}};
  EXPECT_TRUE(ask(standing, private_place(), Action::Push).allowed());
  EXPECT_FALSE(ask(standing, absent, Action::Push).allowed());
  standing.organisations[0].role = MemberRole::Editor;
  EXPECT_TRUE(ask(standing, absent, Action::Push).allowed());
  EXPECT_FALSE(ask(standing, private_place(), Action::Grant).allowed());
  standing.organisations[0].role = MemberRole::Owner;
  EXPECT_TRUE(ask(standing, private_place(), Action::Grant).allowed());
  standing.organisations[0].organisation = AccountId{99};
  EXPECT_FALSE(ask(standing, private_place(), Action::Pull).allowed());
}

TEST(Rights, GrantsEndAndCountFromTheirNetworksAlone) {
  Standing standing = alice();
  standing.grants = {grant_of(RepositoryRole::Read, "acme/*")};
  standing.grants[0].expires_at = kNow;
  EXPECT_FALSE(ask(standing, private_place(), Action::Pull).allowed());
  standing.grants[0].expires_at = kNow + std::chrono::seconds(1);
  EXPECT_TRUE(ask(standing, private_place(), Action::Pull).allowed());

  standing.grants[0].networks = {"10.0.0.0/8"};
  standing.grants[0].from = net::Networks::parse({"10.0.0.0/8"}).value();
  const Subject subject(SubjectKind::User, kAlice.value, "alice");
  Question question{.subject = subject,
                    .action = Action::Pull,
                    .repository = "acme/app",
                    .address = {},
                    .at = kNow};
  EXPECT_FALSE(judge(standing, private_place(), question).allowed());
  question.address = "10.1.2.3";
  EXPECT_TRUE(judge(standing, private_place(), question).allowed());
}

// Whatever is later called so.
TEST(Rights, AGrantOnWhatExistsStaysWithThatRepository) {
  Standing standing = alice();
  standing.grants = {grant_of(RepositoryRole::Write, "acme/app")};
  standing.grants[0].repository = RepositoryId{7};
  EXPECT_TRUE(ask(standing, private_place(), Action::Push, "acme/renamed").allowed());
  EXPECT_FALSE(
      ask(standing, {RepositoryId{8}, Visibility::Private, kAcme}, Action::Push, "acme/app")
          .allowed());
}

TEST(Rights, ACredentialTakesAwayAndNeverGives) {
  Standing admin = alice();
  admin.role = SystemRole::Admin;
  auto bound = std::make_shared<access::Bound>();
  bound->scopes.push_back({"acme/*", {Action::Pull}});
  const Subject subject(SubjectKind::User, kAlice.value, "alice", bound);
  const auto allowed = [&](const Standing& standing, Action action, std::string_view repository) {
    return judge(standing, private_place(),
                 {.subject = subject,
                  .action = action,
                  .repository = repository,
                  .address = {},
                  .at = kNow})
        .allowed();
  };
  EXPECT_TRUE(allowed(admin, Action::Pull, "acme/app"));
  EXPECT_FALSE(allowed(admin, Action::Push, "acme/app"));
  EXPECT_FALSE(allowed(admin, Action::Pull, "other/app"));
  EXPECT_FALSE(allowed(alice(), Action::Pull, "acme/app"));
  bound->expires_at = kNow;
  EXPECT_FALSE(allowed(admin, Action::Pull, "acme/app"));
}

TEST(Rights, ACredentialThatIsBoundElsewhereTellsNothingOfItsOwner) {
  auto bound = std::make_shared<access::Bound>();
  bound->scopes.push_back({"alice/*", {Action::Pull}});
  const Subject subject(SubjectKind::User, kAlice.value, "alice", bound);
  Standing reader = alice();
  reader.grants.push_back(grant_of(RepositoryRole::Read, "acme/*"));
  const auto told = [&](const Standing& standing, const Place& place) {
    const auto decision = judge(standing, place,
                                {.subject = subject,
                                 .action = Action::Pull,
                                 .repository = "acme/app",
                                 .address = {},
                                 .at = kNow},
                                Detail::WhyAllowed);
    EXPECT_EQ(decision.verdict, Verdict::Absent);
    return decision.reason;
  };
  EXPECT_EQ(told(reader, private_place()), told(alice(), private_place()));
  EXPECT_EQ(told(reader, private_place()), told(alice(), {RepositoryId{}, {}, kAcme}));
}

TEST(Rights, WhoIsDisabledMayNothing) {
  Standing standing = alice();
  standing.role = SystemRole::Admin;
  standing.active = false;
  Place place = private_place();
  place.visibility = Visibility::Public;
  EXPECT_FALSE(ask(standing, place, Action::Pull).allowed());
  EXPECT_FALSE(ask(standing, place, Action::Ping, "").allowed());
}

// The slow way: every reason for a role, written down as a list, and nothing remembered.
bool model(const Standing& standing, const Place& place, Action action, std::string_view name) {
  const bool there = place.id != RepositoryId{};
  std::vector<std::pair<RepositoryRole, bool>> reasons;  // the role, may it make the repository
  if (standing.role == SystemRole::Admin) reasons.emplace_back(RepositoryRole::Admin, true);
  if (place.owner == standing.id) reasons.emplace_back(RepositoryRole::Admin, true);
  for (const auto& membership : standing.organisations) {
    if (membership.organisation != place.owner) continue;
    if (membership.role == MemberRole::Owner) reasons.emplace_back(RepositoryRole::Admin, true);
    if (membership.role == MemberRole::Editor) reasons.emplace_back(RepositoryRole::Maintain, true);
    if (membership.role == MemberRole::Member && there) {
      reasons.emplace_back(membership.base_role, false);
    }
  }
  for (const auto& grant : standing.grants) {
    const bool on = grant.repository == RepositoryId{}
                        ? access::pattern_matches(grant.pattern, name)
                        : grant.repository == place.id;
    if (on && (!grant.expires_at || *grant.expires_at > kNow)) {
      reasons.emplace_back(grant.role, grant.role >= RepositoryRole::Write);
    }
  }
  if (there && place.visibility == Visibility::Public) {
    reasons.emplace_back(RepositoryRole::Read, false);
  }
  if (there && place.visibility == Visibility::Internal) {
    reasons.emplace_back(RepositoryRole::Read, false);
  }
  const bool may_make =
      std::any_of(reasons.begin(), reasons.end(), [](const auto& r) { return r.second; });
  if (action == Action::Create) return may_make;
  if (action == Action::Push && !there && !may_make) return false;
  return std::any_of(reasons.begin(), reasons.end(),
                     [&](const auto& r) { return actions_of(r.first).has(action); });
}

TEST(Rights, SayWhatTheSlowWaySays) {
  std::mt19937 random(1);
  const auto pick = [&](auto... values) {
    const std::array all{values...};
    return all[random() % all.size()];
  };
  const auto role = [&] { return static_cast<RepositoryRole>(random() % 5); };
  int allowed = 0;
  for (int i = 0; i < 100'000; ++i) {
    Standing standing = alice();
    standing.role = random() % 20 == 0 ? SystemRole::Admin : SystemRole::None;
    for (auto n = random() % 3; n > 0; --n) {
      standing.organisations.push_back({pick(kAcme, AccountId{3}), "org",
                                        static_cast<MemberRole>(1 + random() % 3),
                                        static_cast<RepositoryRole>(random() % 3)});
    }
    for (auto n = random() % 3; n > 0; --n) {
      auto grant = grant_of(role(), pick("acme/**", "acme/app", "acme/a*", "other/*", "**"));
      if (random() % 4 == 0) grant.expires_at = kNow + std::chrono::seconds(pick(-1, 0, 1));
      if (random() % 4 == 0) grant.repository = RepositoryId{pick(7, 8)};
      standing.grants.push_back(std::move(grant));
    }
    const Place place{RepositoryId{pick(0, 7, 7)}, static_cast<Visibility>(random() % 4),
                      pick(kAcme, AccountId{3}, kAlice, AccountId{})};
    const auto action =
        static_cast<Action>(static_cast<unsigned>(Action::See) +
                            random() % (access::kActions - static_cast<unsigned>(Action::See)));
    const std::string_view name = pick("acme/app", "acme/web/app", "other/app");
    const bool expected = model(standing, place, action, name);
    ASSERT_EQ(ask(standing, place, action, name).allowed(), expected) << i;
    allowed += expected ? 1 : 0;
  }
  EXPECT_GT(allowed, 20'000);
  EXPECT_LT(allowed, 80'000);
}

// What may be seen lies within reach, and what is certain may be seen.
TEST(Rights, ReachHoldsWhatMayBeSeen) {
  std::mt19937 random(2);
  const auto pick = [&](auto... values) {
    const std::array all{values...};
    return all[random() % all.size()];
  };
  int seen = 0;
  int certain = 0;
  for (int i = 0; i < 50'000; ++i) {
    Standing standing = random() % 8 == 0 ? Standing{} : alice();
    if (standing.id) standing.role = static_cast<SystemRole>(random() % 8 == 0 ? random() % 3 : 0);
    if (standing.id && random() % 3 == 0) {
      standing.organisations.push_back({kAcme, "acme", static_cast<MemberRole>(1 + random() % 3),
                                        static_cast<RepositoryRole>(random() % 3)});
    }
    if (random() % 3 == 0) {
      standing.grants.push_back(
          grant_of(static_cast<RepositoryRole>(random() % 5),
                   pick("acme/**", "acme/app", "acme/a*", "other/*", "**", "*/app")));
    }
    const std::string_view name = pick("acme/app", "acme/web/app", "other/app", "alice/app");
    const Place place{RepositoryId{7}, static_cast<Visibility>(random() % 4),
                      name.starts_with("acme")    ? kAcme
                      : name.starts_with("alice") ? kAlice
                                                  : AccountId{3}};
    auto bound = std::make_shared<access::Bound>();
    bound->scopes.push_back(
        {pick("", "acme/app", "**"), {pick(Action::See, Action::ListCatalog, Action::Push)}});
    bound->expires_at = kNow + std::chrono::seconds(pick(-1, 1));
    const Subject subject(SubjectKind::User, standing.id.value, standing.name,
                          random() % 3 == 0 ? bound : nullptr);
    const Question question{subject, Action::See, name, {}, kNow};
    const bool allowed = judge(standing, place, question).allowed();
    const access::Reach reach = reach_of(standing, question);
    const bool is_sure = reach.everything ||
                         (reach.is_public && place.visibility == Visibility::Public) ||
                         (reach.is_internal && place.visibility == Visibility::Internal);
    const bool is_near =
        std::any_of(reach.beginnings.begin(), reach.beginnings.end(),
                    [&](const auto& beginning) { return name.starts_with(beginning); });
    if (allowed) {
      ASSERT_TRUE(is_sure || is_near) << i;
      ++seen;
    }
    if (is_sure && reach.is_certain) {
      ASSERT_TRUE(allowed) << i;
      ++certain;
    }
  }
  EXPECT_GT(seen, 10'000);
  EXPECT_GT(certain, 5'000);
}

}  // namespace
}  // namespace entrepot::people
