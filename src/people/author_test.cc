#include "people/author.h"

#include <functional>

#include "people/find.h"
#include "people/roster.h"
#include "people/testing/world.h"

namespace entrepot::people {
namespace {

using access::Subject;
using access::SubjectKind;
using meta::MemberRole;
using meta::RepositoryRole;
using testing::kPassword;
using testing::World;

// A world with acme, whose owner is olga, and with sam, whose acme it is not.
struct Acme : World {
  Acme() {
    user("root-of-all", /*admin=*/true);
    user("olga");
    user("sam");
    organisation("acme");
    EXPECT_OK(people.set_member(context, by, "acme", "olga", MemberRole::Owner));
    EXPECT_OK(people.create_team(context, by, "acme", "dev"));
    push("acme/app");
    EXPECT_OK(people.create_robot(context, by,
                                  {.name = "acme/ci", .grants = {}, .expires_at = std::nullopt}));
    grant_id = grant("user:olga", RepositoryRole::Read, "acme/*");
    const auto made = people.create_token(
        context, by,
        {.user = "olga", .name = "laptop", .bound = std::nullopt, .expires_at = std::nullopt});
    token_id = made->secret.id;
  }

  Author as(std::string_view name, std::shared_ptr<const access::Bound> bound = nullptr,
            bool in_person = true) {
    const auto account = store.view<meta::Account>(
        context, [&](const meta::Snapshot& s) { return find_account(s, name); });
    return Author::request({.subject = subject_of(*account, std::move(bound)),
                            .address = "192.0.2.7",
                            .in_person = in_person},
                           {events::ActorKind::User, std::string(name)});
  }
  std::int64_t changes() {
    return store
        .view<std::int64_t>(context, [](const meta::Snapshot& s) { return s.accounts().epoch(); })
        .value();
  }

  std::int64_t grant_id = 0;
  std::int64_t token_id = 0;
};

// Use cases, in the name of somebody.
using Deeds = std::vector<std::function<Result<void>(Acme&, const Author&)>>;

constexpr auto drop = [](const auto& result) {
  return result ? Result<void>() : Result<void>(Failure(result.error()));
};

Deeds deeds_about_people() {
  return {
      [](Acme& w, const Author& by) {
        return drop(w.people.create_user(w.context, by,
                                         {.name = "eve", .password = std::string(kPassword)}));
      },
      [](Acme& w, const Author& by) {
        return w.people.create_first_admin(w.context, by, std::string(kPassword));
      },
      [](Acme& w, const Author& by) {
        return w.people.set_password(w.context, by, "olga", "another horse");
      },
      [](Acme& w, const Author& by) { return w.people.set_enabled(w.context, by, "olga", false); },
      [](Acme& w, const Author& by) {
        return w.people.set_role(w.context, by, "sam", meta::SystemRole::Admin);
      },
      [](Acme& w, const Author& by) { return w.people.remove(w.context, by, "olga"); },
      [](Acme& w, const Author& by) { return w.people.remove(w.context, by, "acme/ci"); },
      [](Acme& w, const Author& by) {
        return drop(w.people.create_organisation(w.context, by, {.name = "sams"}));
      },
      [](Acme& w, const Author& by) {
        return drop(w.people.change_organisation(w.context, by, "acme",
                                                 {.base_role = RepositoryRole::Write}));
      },
      [](Acme& w, const Author& by) {
        return w.people.set_member(w.context, by, "acme", "sam", MemberRole::Owner);
      },
      [](Acme& w, const Author& by) {
        return w.people.remove_member(w.context, by, "acme", "olga");
      },
      [](Acme& w, const Author& by) {
        return drop(w.people.create_team(w.context, by, "acme", "ops"));
      },
      [](Acme& w, const Author& by) { return w.people.remove_team(w.context, by, "acme", "dev"); },
      [](Acme& w, const Author& by) {
        return w.people.add_to_team(w.context, by, "acme", "dev", "olga");
      },
      [](Acme& w, const Author& by) {
        return w.people.drop_from_team(w.context, by, "acme", "dev", "olga");
      },
  };
}

Deeds deeds_about_rights() {
  const auto app = oci::RepositoryName::parse("acme/app").value();
  const auto fresh = oci::RepositoryName::parse("acme/fresh").value();
  return {
      [](Acme& w, const Author& by) {
        return drop(w.people.grant(
            w.context, by,
            {.to = "user:sam", .role = RepositoryRole::Read, .pattern = "acme/app"}));
      },
      [](Acme& w, const Author& by) { return w.people.revoke_grant(w.context, by, w.grant_id); },
      [](Acme& w, const Author& by) {
        return drop(w.people.create_robot(
            w.context, by, {.name = "acme/sams", .grants = {}, .expires_at = std::nullopt}));
      },
      [](Acme& w, const Author& by) {
        return drop(w.people.create_token(
            w.context, by,
            {.user = "olga", .name = "x", .bound = std::nullopt, .expires_at = std::nullopt}));
      },
      [](Acme& w, const Author& by) { return w.people.revoke_secret(w.context, by, w.token_id); },
      [](Acme& w, const Author& by) {
        constexpr meta::SecretKind kKinds[] = {meta::SecretKind::AccessToken};
        return w.people.revoke_secret_of(w.context, by, w.token_id, "olga", kKinds);
      },
      [=](Acme& w, const Author& by) {
        return drop(w.people.create_repository(w.context, by, fresh, meta::Visibility::Public));
      },
      [=](Acme& w, const Author& by) {
        return w.people.set_visibility(w.context, by, app, meta::Visibility::Public);
      },
  };
}

bool is_refusal(const Result<void>& result) {
  return !result &&
         (result.error().code == ErrorCode::Denied || result.error().code == ErrorCode::NotFound ||
          result.error().code == ErrorCode::Unauthenticated);
}

TEST(Author, NoDeedIsDoneForWhoMayNot) {
  Acme world;
  auto nothing = std::make_shared<access::Bound>();
  nothing->scopes.push_back({"other/*", {access::Action::Pull}});
  const Author disabled = world.as("olga");
  const Author authors[] = {
      world.as("sam"), world.as("root-of-all", nothing), world.as("acme/ci"),
      Author::request({.subject = Subject::anonymous(), .address = {}, .in_person = true}, {})};
  const std::int64_t before = world.changes();
  Deeds deeds = deeds_about_people();
  for (auto& deed : deeds_about_rights()) deeds.push_back(std::move(deed));
  for (std::size_t author = 0; author < std::size(authors); ++author) {
    for (std::size_t deed = 0; deed < deeds.size(); ++deed) {
      EXPECT_TRUE(is_refusal(deeds[deed](world, authors[author]))) << author << ' ' << deed;
    }
  }
  EXPECT_EQ(world.changes(), before);
  EXPECT_OK(world.people.set_enabled(world.context, world.by, "olga", false));
  for (const auto& deed : deeds) EXPECT_TRUE(is_refusal(deed(world, disabled)));
}

TEST(Author, APasswordThatWasProvedBeforeAnotherChangeSetsNone) {
  Acme world;
  const auto epoch_of_sam = [&] {
    return world.store
        .view<meta::Account>(world.context,
                             [](const meta::Snapshot& s) { return find_account(s, "sam"); })
        ->epoch;
  };
  const std::int64_t proved = epoch_of_sam();
  EXPECT_OK(world.people.set_password(world.context, world.by, "sam", "another horse"));
  EXPECT_FAILS(Unauthenticated, world.people.set_password(world.context, world.as("sam"), "sam",
                                                          "the third horse", proved));
  EXPECT_OK(world.people.set_password(world.context, world.as("sam"), "sam", "the third horse",
                                      epoch_of_sam()));
}

TEST(Author, NoTokenMakesTokensNorWhatOutlivesIt) {
  Acme world;
  auto bound = std::make_shared<access::Bound>();
  bound->only_ends = true;
  bound->expires_at = world.clock.wall() + std::chrono::hours(1);
  const Author token = world.as("olga", bound, /*in_person=*/false);
  const auto make = [&](const Author& by, std::string name, std::optional<WallTime> ends) {
    return world.people.create_robot(world.context, by,
                                     {.name = std::move(name), .grants = {}, .expires_at = ends});
  };
  EXPECT_FAILS(Denied, make(token, "acme/a", std::nullopt));
  EXPECT_FAILS(Denied, make(token, "acme/a", *bound->expires_at + std::chrono::seconds(1)));
  EXPECT_OK(make(token, "acme/a", bound->expires_at));
  EXPECT_OK(make(world.as("olga", bound), "acme/b", std::nullopt)) << "a session";
  EXPECT_FAILS(
      Denied,
      world.people.create_token(
          world.context, token,
          {.user = "olga", .name = "x", .bound = std::nullopt, .expires_at = bound->expires_at}));
}

TEST(Author, AnOrganisationGoesWithWhatItsTeamsHold) {
  Acme world;
  EXPECT_OK(world.people.add_to_team(world.context, world.by, "acme", "dev", "olga"));
  world.organisation("other");
  world.organisation("gone");
  EXPECT_OK(world.people.set_member(world.context, world.by, "gone", "sam", MemberRole::Member));
  EXPECT_OK(world.people.create_team(world.context, world.by, "gone", "dev"));
  EXPECT_OK(world.people.add_to_team(world.context, world.by, "gone", "dev", "sam"));
  world.grant("team:gone/dev", RepositoryRole::Write, "other/*");
  EXPECT_TRUE(world.may("sam", access::Action::Push, "other/app"));
  EXPECT_OK(world.people.remove(world.context, world.by, "gone"));
  EXPECT_FALSE(world.may("sam", access::Action::Push, "other/app"));
}

TEST(Author, ANamespaceAndAUserHaveNoMoreThanTheirMost) {
  Acme world;
  const Author sam = world.as("sam");
  for (std::size_t i = 0; i < People::kMostTokens; ++i) {
    ASSERT_OK(world.people.create_token(
        world.context, sam,
        {.user = "sam", .name = "x", .bound = std::nullopt, .expires_at = std::nullopt}));
  }
  EXPECT_FAILS(
      QuotaExceeded,
      world.people.create_token(
          world.context, sam,
          {.user = "sam", .name = "x", .bound = std::nullopt, .expires_at = std::nullopt}));
}

// The auditor's list goes by pages through all that there is, and each row comes once.
TEST(Roster, PagesOfGrantsInARepositoryLeaveNoneOut) {
  Acme world;
  std::vector<std::int64_t> expected{world.grant_id};
  for (const char* pattern : {"**", "acme/app", "acme/other", "*/app", "acme/*/app", "acme/**"}) {
    const auto id = world.grant("user:sam", RepositoryRole::Read, pattern);
    if (access::pattern_matches(pattern, "acme/app")) expected.push_back(id);
  }
  const auto app = oci::RepositoryName::parse("acme/app").value();
  for (const std::size_t limit : {1u, 2u, 3u, 100u}) {
    std::vector<std::int64_t> seen;
    PageQuery<std::int64_t> query{0, limit};
    for (int pages = 0; pages < 20; ++pages) {
      using Grants = Page<meta::Grant, std::int64_t>;
      const auto page = world.store.view<Grants>(world.context, [&](const meta::Snapshot& s) {
        const Author olga = world.by;
        return Roster(s, olga).grants_in(app, world.clock.wall(), query);
      });
      ASSERT_OK(page);
      EXPECT_LE(page->rows.size(), limit);
      for (const auto& grant : page->rows) seen.push_back(grant.id);
      if (!page->next) break;
      query.after = *page->next;
    }
    EXPECT_EQ(seen, expected) << limit;
  }
}

}  // namespace
}  // namespace entrepot::people
