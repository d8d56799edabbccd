#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

namespace {

NewAccount account_named(std::string_view name, AccountKind kind = AccountKind::User) {
  NewAccount account;
  account.kind = kind;
  account.name = name;
  account.created_at = at(0);
  return account;
}

Account make(Transaction& tx, std::string_view name, AccountKind kind = AccountKind::User) {
  return tx.accounts().create(account_named(name, kind)).value();
}

NewSecret token_of(AccountId account, std::string_view fingerprint) {
  NewSecret secret;
  secret.account = account;
  secret.kind = SecretKind::AccessToken;
  secret.name = "laptop";
  secret.fingerprint = Bytes(fingerprint);
  secret.bound = "{}";
  secret.created_at = at(1);
  return secret;
}

struct Ears final : Listener {
  void heard(const News& news) noexcept override { people = people || news.people; }
  bool people = false;
};

}  // namespace

TEST_P(StoreConformance, AccountIsMadeFoundAndChanged) {
  EXPECT_FALSE(read([](const Snapshot& s) { return s.accounts().any(); }).value());

  NewAccount wished = account_named("acme", AccountKind::Organisation);
  wished.new_visibility = Visibility::Public;
  wished.base_role = RepositoryRole::Write;
  const Account made = write([&](Transaction& tx) { return tx.accounts().create(wished); }).value();
  EXPECT_TRUE(made.is_active());
  EXPECT_TRUE(read([](const Snapshot& s) { return s.accounts().any(); }).value());

  const auto find = [&] {
    return read([&](const Snapshot& s) { return s.accounts().find("acme"); }).value();
  };
  Account found = find();
  EXPECT_EQ(found.id, made.id);
  EXPECT_EQ(found.kind, AccountKind::Organisation);
  EXPECT_EQ(found.new_visibility, Visibility::Public);
  EXPECT_EQ(found.base_role, RepositoryRole::Write);
  EXPECT_EQ(found.created_at, at(0));
  EXPECT_FAILS(AlreadyExists,
               write([](Transaction& tx) { return tx.accounts().create(account_named("acme")); }));

  found.state = AccountState::Disabled;
  found.base_role = RepositoryRole::None;
  EXPECT_OK(write([&](Transaction& tx) { return tx.accounts().update(found, true); }));
  const Account changed =
      read([&](const Snapshot& s) { return s.accounts().find(made.id); }).value();
  EXPECT_EQ(changed.state, AccountState::Disabled);
  EXPECT_EQ(changed.base_role, RepositoryRole::None);
  EXPECT_EQ(changed.epoch, made.epoch + 1);
}

// Its id and its name are given to nobody else.
TEST_P(StoreConformance, DeletedAccountKeepsItsNameAndIsNotListed) {
  Account gone = write([](Transaction& tx) -> Result<Account> { return make(tx, "gone"); }).value();
  gone.state = AccountState::Deleted;
  EXPECT_OK(write([&](Transaction& tx) -> Result<void> {
    make(tx, "alice");
    return tx.accounts().update(gone, true);
  }));
  EXPECT_FAILS(AlreadyExists,
               write([](Transaction& tx) { return tx.accounts().create(account_named("gone")); }));
  const auto listed =
      read([](const Snapshot& s) { return s.accounts().list(AccountKind::User, "", 10); }).value();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].name, "alice");
}

TEST_P(StoreConformance, OnlyActiveAdminsAreCounted) {
  const auto count = [&] {
    return read([](const Snapshot& s) { return s.accounts().count_admins(); }).value();
  };
  Account admin = write([](Transaction& tx) {
                    NewAccount wished = account_named("admin");
                    wished.role = SystemRole::Admin;
                    return tx.accounts().create(wished);
                  }).value();
  EXPECT_EQ(count(), 1u);
  admin.state = AccountState::Disabled;
  EXPECT_OK(write([&](Transaction& tx) { return tx.accounts().update(admin, true); }));
  EXPECT_EQ(count(), 0u);
}

TEST_P(StoreConformance, MembersHaveOneRoleAndLeaveTheTeams) {
  const Account acme = write([](Transaction& tx) -> Result<Account> {
                         return make(tx, "acme", AccountKind::Organisation);
                       }).value();
  const Account bob =
      write([](Transaction& tx) -> Result<Account> { return make(tx, "bob"); }).value();
  const Team team = write([&](Transaction& tx) -> Result<Team> {
                      TRY(tx.members().set(acme.id, bob.id, MemberRole::Member));
                      TRY(tx.members().set(acme.id, bob.id, MemberRole::Owner));
                      TRY_ASSIGN(const Team made, tx.teams().create(acme.id, "dev"));
                      TRY(tx.teams().add(made.id, bob.id));
                      TRY(tx.teams().add(made.id, bob.id));
                      return made;
                    }).value();
  EXPECT_OK(read([&](const Snapshot& s) -> Result<void> {
    TRY_ASSIGN(const auto of_bob, s.members().of(bob.id));
    EXPECT_EQ(of_bob.size(), 1u);
    EXPECT_EQ(of_bob[0].name, "acme");
    EXPECT_EQ(of_bob[0].role, MemberRole::Owner);
    EXPECT_EQ(of_bob[0].base_role, RepositoryRole::Read);
    TRY_ASSIGN(const auto members, s.members().list(acme.id, {}, 10));
    EXPECT_EQ(members.size(), 1u);
    EXPECT_EQ(s.members().count_owners(acme.id).value(), 1u);
    EXPECT_EQ(s.teams().find(acme.id, "dev").value().id, team.id);
    TRY_ASSIGN(const auto in_team, s.teams().members(team.id, {}, 10));
    EXPECT_EQ(in_team.size(), 1u);
    EXPECT_EQ(in_team[0].name, "bob");
    return {};
  }));
  EXPECT_FAILS(AlreadyExists,
               write([&](Transaction& tx) { return tx.teams().create(acme.id, "dev"); }));

  EXPECT_OK(write([&](Transaction& tx) { return tx.members().remove(acme.id, bob.id); }));
  EXPECT_FAILS(NotFound,
               write([&](Transaction& tx) { return tx.members().remove(acme.id, bob.id); }));
  EXPECT_TRUE(
      read([&](const Snapshot& s) { return s.teams().members(team.id, {}, 10); }).value().empty());
}

// What somebody holds is what is granted to it and to its teams, and goes with them.
TEST_P(StoreConformance, GrantsAreFoundByTheirHolder) {
  AccountId bob;
  Team team;
  EXPECT_OK(write([&](Transaction& tx) -> Result<void> {
    const Account acme = make(tx, "acme", AccountKind::Organisation);
    bob = make(tx, "bob").id;
    TRY(tx.members().set(acme.id, bob, MemberRole::Member));
    TRY_ASSIGN(team, tx.teams().create(acme.id, "dev"));
    TRY(tx.teams().add(team.id, bob));

    NewGrant own;
    own.holder = bob.value;
    own.role = RepositoryRole::Write;
    own.pattern = "acme/app";
    own.expires_at = at(9);
    own.networks = {"10.0.0.0/8", "::1/128"};
    own.made_by = "admin";
    own.made_at = at(1);
    TRY(tx.grants().create(own));
    NewGrant of_team = own;
    of_team.holder_kind = HolderKind::Team;
    of_team.holder = team.id;
    of_team.pattern = "acme/**";
    of_team.expires_at.reset();
    of_team.networks.clear();
    TRY(tx.grants().create(of_team));
    NewGrant of_all = of_team;
    of_all.holder_kind = HolderKind::Anonymous;
    of_all.holder = 0;
    TRY(tx.grants().create(of_all));
    return {};
  }));
  const auto held = [&](AccountId account) {
    return read([&](const Snapshot& s) { return s.grants().held_by(account); }).value();
  };
  ASSERT_EQ(held(bob).size(), 2u);
  const Grant own = held(bob)[0];
  EXPECT_EQ(own.holder_name, "bob");
  EXPECT_EQ(own.role, RepositoryRole::Write);
  EXPECT_EQ(own.pattern, "acme/app");
  EXPECT_EQ(own.expires_at, at(9));
  EXPECT_EQ(own.networks, (std::vector<std::string>{"10.0.0.0/8", "::1/128"}));
  EXPECT_EQ(own.made_by, "admin");
  EXPECT_EQ(held(bob)[1].holder_name, "acme/dev");
  EXPECT_EQ(held({}).size(), 1u);
  EXPECT_EQ(read([](const Snapshot& s) { return s.grants().list(0, 10); }).value().size(), 3u);

  EXPECT_OK(write([&](Transaction& tx) { return tx.teams().remove(team.id); }));
  EXPECT_EQ(held(bob).size(), 1u);
  EXPECT_OK(write([&](Transaction& tx) { return tx.grants().remove(own.id); }));
  EXPECT_FAILS(NotFound, write([&](Transaction& tx) { return tx.grants().remove(own.id); }));
  EXPECT_TRUE(held(bob).empty());
}

TEST_P(StoreConformance, GrantsAreFoundByNamespaceAndByRepository) {
  std::vector<std::int64_t> ids;
  std::optional<Repository> app;
  EXPECT_OK(write([&](Transaction& tx) -> Result<void> {
    ids.clear();
    TRY_ASSIGN(app, tx.repositories().find_or_create(name("acme/web/app"), at(0)));
    for (const char* pattern : {"acme/*", "acme/**", "acme/web/app", "acme-2/app", "**", "acme",
                                "*/web/app", "acme/other", "acme/web/old"}) {
      NewGrant grant;
      grant.holder_kind = HolderKind::Anonymous;
      grant.pattern = pattern;
      if (grant.pattern == "acme/web/old") grant.repository = app->id;
      if (grant.pattern == "acme/other") grant.repository = RepositoryId{app->id.value + 1};
      TRY_ASSIGN(const Grant made, tx.grants().create(grant));
      ids.push_back(made.id);
    }
    return {};
  }));
  const auto patterns = [&](const auto& look) {
    std::string text;
    const auto listed = read(look).value();
    for (const Grant& grant : listed) text += grant.pattern + ' ';
    return text;
  };
  const auto below = [&](const char* name_space, std::int64_t after, std::size_t limit) {
    return patterns(
        [&](const Snapshot& s) { return s.grants().list_below(name_space, after, limit); });
  };
  EXPECT_EQ(below("acme", 0, 10), "acme/* acme/** acme/web/app acme/other acme/web/old ");
  EXPECT_EQ(below("acme", ids[1], 2), "acme/web/app acme/other ");
  EXPECT_EQ(below("acm", 0, 10), "");
  const auto about = [&](std::int64_t after, std::size_t limit) {
    return patterns([&](const Snapshot& s) { return s.grants().list_about(*app, after, limit); });
  };
  EXPECT_EQ(about(0, 10), "acme/* acme/** acme/web/app ** */web/app acme/web/old ");
  EXPECT_EQ(about(ids[2], 2), "** */web/app ");
}

TEST_P(StoreConformance, AProvidersGrantsAreItsAccounts) {
  const auto make_of = [](Transaction& tx, std::string_view called, Provider provider) {
    NewAccount account = account_named(called);
    account.provider = provider;
    return tx.accounts().create(account);
  };
  AccountId own;
  AccountId local;
  EXPECT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const Account made, make_of(tx, "htpasswd:bob", Provider::Htpasswd));
    own = made.id;
    local = make(tx, "bob").id;
    NewGrant grant;
    grant.holder_kind = HolderKind::Provider;
    grant.holder = static_cast<int>(Provider::Htpasswd);
    grant.pattern = "**";
    return tx.grants().create(grant).transform([](const Grant&) {});
  }));
  const auto held = [&](AccountId id) {
    return read([&](const Snapshot& s) { return s.grants().held_by(id); }).value();
  };
  ASSERT_EQ(held(own).size(), 1u);
  EXPECT_EQ(held(own)[0].holder_name, "htpasswd");
  EXPECT_TRUE(held(local).empty());
  EXPECT_EQ(read([&](const Snapshot& s) { return s.accounts().find(own); })->provider,
            Provider::Htpasswd);
  EXPECT_EQ(read([&](const Snapshot& s) { return s.accounts().find(local); })->provider,
            Provider::Local);
}

TEST_P(StoreConformance, SecretsAreFoundByFingerprintAndEnd) {
  const AccountId bob =
      write([](Transaction& tx) -> Result<AccountId> { return make(tx, "bob").id; }).value();
  const Secret token = write([&](Transaction& tx) {
                         NewSecret wished = token_of(bob, "\x01\x02");
                         wished.expires_at = at(5);
                         return tx.secrets().add(wished);
                       }).value();
  EXPECT_OK(write([&](Transaction& tx) { return tx.secrets().add(token_of(bob, "\x03")); }));

  const Secret found =
      read([](const Snapshot& s) { return s.secrets().find(ByteView("\x01\x02")); }).value();
  EXPECT_EQ(found.id, token.id);
  EXPECT_EQ(found.account, bob);
  EXPECT_EQ(found.kind, SecretKind::AccessToken);
  EXPECT_EQ(found.name, "laptop");
  EXPECT_EQ(found.bound, "{}");
  EXPECT_EQ(found.expires_at, at(5));
  EXPECT_FAILS(NotFound, read([](const Snapshot& s) { return s.secrets().find(ByteView("x")); }));

  EXPECT_EQ(write([](Transaction& tx) { return tx.secrets().purge(at(6), 10); }).value(), 1u);
  EXPECT_EQ(read([&](const Snapshot& s) { return s.secrets().list(bob, 0, 10); }).value().size(),
            1u);
  EXPECT_FAILS(NotFound, write([&](Transaction& tx) { return tx.secrets().remove(token.id); }));
}

TEST_P(StoreConformance, RefreshTokensEndLaterWithEachUseAndTheOldestMakeRoom) {
  const AccountId bob =
      write([](Transaction& tx) -> Result<AccountId> { return make(tx, "bob").id; }).value();
  const auto add = [&](std::string_view fingerprint, int seconds) {
    return write([&](Transaction& tx) {
             NewSecret wished = token_of(bob, fingerprint);
             wished.kind = SecretKind::RefreshToken;
             wished.epoch = 3;
             wished.expires_at = at(seconds);
             return tx.secrets().add(wished);
           })
        .value();
  };
  const auto left = [&] {
    std::string fingerprints;
    const auto listed = read([&](const Snapshot& s) { return s.secrets().list(bob, 0, 10); });
    for (const Secret& secret : listed.value()) fingerprints += secret.fingerprint;
    return fingerprints;
  };
  const Secret first = add("a", 5);
  add("b", 6);
  add("c", 7);
  EXPECT_OK(write([&](Transaction& tx) { return tx.secrets().set_expiry(first.id, at(8)); }));
  EXPECT_OK(
      write([&](Transaction& tx) { return tx.secrets().trim(bob, SecretKind::RefreshToken, 2); }));
  EXPECT_EQ(left(), "ac");
  EXPECT_OK(write([&](Transaction& tx) { return tx.secrets().carry_over(bob, 3, 4); }));
  EXPECT_OK(write([&](Transaction& tx) { return tx.secrets().carry_over(bob, 3, 5); }));
  const Secret kept = read([&](const Snapshot& s) { return s.secrets().find(first.id); }).value();
  EXPECT_EQ(kept.epoch, 4);
  EXPECT_EQ(kept.expires_at, at(8));
}

TEST_P(StoreConformance, SecretKnowsItsLastUse) {
  const AccountId bob =
      write([](Transaction& tx) -> Result<AccountId> { return make(tx, "bob").id; }).value();
  const auto made = write([&](Transaction& tx) { return tx.secrets().add(token_of(bob, "u")); });
  const auto found = [&] {
    return read([&](const Snapshot& s) { return s.secrets().find(made->id); }).value();
  };
  EXPECT_EQ(found().used_at, std::nullopt);
  EXPECT_EQ(found().used_from, "");
  const SecretUse uses[] = {{made->id + 1, at(3), "192.0.2.1"}, {made->id, at(4), "192.0.2.7"}};
  EXPECT_OK(write([&](Transaction& tx) { return tx.secrets().note_uses(uses); }));
  EXPECT_EQ(found().used_at, at(4));
  EXPECT_EQ(found().used_from, "192.0.2.7");
}

TEST_P(StoreConformance, AccountHasOnePassword) {
  const AccountId bob =
      write([](Transaction& tx) -> Result<AccountId> { return make(tx, "bob").id; }).value();
  const auto set = [&](const char* hash) {
    return write([&](Transaction& tx) -> Result<Secret> {
      TRY(tx.secrets().remove_all(bob, SecretKind::Password));
      NewSecret password;
      password.account = bob;
      password.password_hash = hash;
      return tx.secrets().add(password);
    });
  };
  EXPECT_FAILS(NotFound, read([&](const Snapshot& s) { return s.secrets().password_of(bob); }));
  EXPECT_OK(set("first"));
  EXPECT_OK(set("second"));
  const Secret kept = read([&](const Snapshot& s) { return s.secrets().password_of(bob); }).value();
  EXPECT_EQ(kept.password_hash, "second");
  EXPECT_OK(write([&](Transaction& tx) { return tx.secrets().set_hash(kept.id, "dearer"); }));
  EXPECT_EQ(read([&](const Snapshot& s) { return s.secrets().password_of(bob); })->password_hash,
            "dearer");
}

TEST_P(StoreConformance, WhatChangesRightsIsTold) {
  Ears ears;
  store().listen(ears);
  const auto epoch = [&] {
    return read([](const Snapshot& s) { return s.accounts().epoch(); }).value();
  };
  std::int64_t before = epoch();
  const auto told = [&](const auto& work) {
    ears.people = false;
    EXPECT_OK(write(work));
    const bool both = ears.people && epoch() > before;
    before = epoch();
    return both;
  };
  AccountId bob;
  EXPECT_TRUE(told([&](Transaction& tx) -> Result<void> {
    bob = make(tx, "bob").id;
    return {};
  }));
  Secret secret;
  EXPECT_TRUE(told([&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(secret, tx.secrets().add(token_of(bob, "\x01")));
    return {};
  }));
  EXPECT_FALSE(
      told([&](Transaction& tx) -> Result<void> { return tx.secrets().set_hash(secret.id, ""); }));
  EXPECT_TRUE(told([&](Transaction& tx) { return tx.secrets().remove(secret.id); }));
  EXPECT_FALSE(told([&](Transaction& tx) -> Result<void> {
    NewSecret refresh = token_of(bob, "\x02");
    refresh.kind = SecretKind::RefreshToken;
    TRY_ASSIGN(secret, tx.secrets().add(refresh));
    TRY(tx.secrets().set_expiry(secret.id, at(9)));
    TRY(tx.secrets().note_uses(std::array{SecretUse{secret.id, at(9), ""}}));
    TRY(tx.secrets().carry_over(bob, 0, 1));
    return tx.secrets().trim(bob, SecretKind::RefreshToken, 1);
  }));
  EXPECT_FALSE(told([&](Transaction& tx) -> Result<void> {
    TRY(tx.repositories().find_or_create(name("bob/app"), at(1)));
    return {};
  }));
  EXPECT_TRUE(told([&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const Repository app, tx.repositories().find(name("bob/app")));
    return tx.repositories().set_visibility(app.id, Visibility::Public);
  }));
}

TEST_P(StoreConformance, NewRepositoryIsAsVisibleAsItsNamespaceSays) {
  const auto visibility_of_new = [&](const char* text) {
    return write([&](Transaction& tx) -> Result<Visibility> {
             TRY_ASSIGN(const auto made, tx.repositories().find_or_create(name(text), at(0)));
             TRY_ASSIGN(const auto found, tx.repositories().find(name(text)));
             EXPECT_EQ(found.visibility, made.visibility);
             return made.visibility;
           })
        .value();
  };
  EXPECT_EQ(visibility_of_new("acme/old"), Visibility::Unset);
  EXPECT_OK(write([](Transaction& tx) -> Result<void> {
    NewAccount open = account_named("acme", AccountKind::Organisation);
    open.new_visibility = Visibility::Public;
    TRY(tx.accounts().create(open));
    return {};
  }));
  EXPECT_EQ(visibility_of_new("acme/new"), Visibility::Public);
  EXPECT_EQ(visibility_of_new("other/new"), Visibility::Private);
  EXPECT_EQ(visibility_of_new("new"), Visibility::Private);

  EXPECT_EQ(write([](Transaction& tx) {
              return tx.repositories().settle_visibility(Visibility::Private, 10);
            }).value(),
            1u);
  EXPECT_EQ(visibility_of_new("acme/old"), Visibility::Private);
}

TEST_P(StoreConformance, WhatLiesBelowANamespaceIsFound) {
  repository("acme/app");
  repository("b");
  const auto any = [&](const char* text) {
    return read([&](const Snapshot& s) { return s.repositories().any_below(text); }).value();
  };
  EXPECT_TRUE(any("acme"));
  EXPECT_FALSE(any("acm"));
  EXPECT_FALSE(any("acme/app"));
  EXPECT_FALSE(any("b"));
}

TEST_P(StoreConformance, RepositoryIsArchivedAndTakenUpAgain) {
  const RepositoryId app = repository("acme/app");
  const auto archived = [&] {
    return read([](const Snapshot& s) { return s.repositories().find(name("acme/app")); })
        ->archived;
  };
  EXPECT_FALSE(archived());
  EXPECT_OK(write([&](Transaction& tx) { return tx.repositories().set_archived(app, true); }));
  EXPECT_TRUE(archived());
  EXPECT_OK(write([&](Transaction& tx) { return tx.repositories().set_archived(app, false); }));
  EXPECT_FALSE(archived());
}

}  // namespace entrepot::meta::testing
