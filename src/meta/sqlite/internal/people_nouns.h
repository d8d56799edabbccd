#pragma once
// meta/sqlite/internal/people_nouns.h — accounts, and what belongs to them, as rows of one
// connection.

#include "meta/sqlite/internal/database.h"
#include "meta/store.h"

namespace entrepot::meta::sqlite {

// For every write that changes who may do what: raises Accounts::epoch(), and tells listeners.
Result<void> tell_of_people(Database& database, News& news);

class AccountRows final : public Accounts {
 public:
  AccountRows(Database& database, News& news) : database_(database), news_(news) {}
  Result<Account> find(std::string_view name) const override;
  Result<Account> find(AccountId id) const override;
  Result<std::vector<Account>> list(AccountKind kind, std::string_view after,
                                    std::size_t limit) const override;
  Result<bool> any() const override;
  Result<std::size_t> count_admins() const override;
  Result<std::int64_t> epoch() const override;
  Result<Account> create(const NewAccount& account) override;
  Result<void> update(const Account& account, bool ends_sessions) override;

 private:
  Database& database_;
  News& news_;
};

class MemberRows final : public Members {
 public:
  MemberRows(Database& database, News& news) : database_(database), news_(news) {}
  Result<std::vector<Membership>> of(AccountId account) const override;
  Result<std::vector<Member>> list(AccountId organisation, AccountId after,
                                   std::size_t limit) const override;
  Result<std::size_t> count_owners(AccountId organisation) const override;
  Result<void> set(AccountId organisation, AccountId account, MemberRole role) override;
  Result<void> remove(AccountId organisation, AccountId account) override;

 private:
  Database& database_;
  News& news_;
};

class TeamRows final : public Teams {
 public:
  TeamRows(Database& database, News& news) : database_(database), news_(news) {}
  Result<Team> find(AccountId organisation, std::string_view name) const override;
  Result<std::vector<Team>> list(AccountId organisation, std::string_view after,
                                 std::size_t limit) const override;
  Result<std::vector<TeamMember>> members(std::int64_t team, AccountId after,
                                          std::size_t limit) const override;
  Result<Team> create(AccountId organisation, std::string_view name) override;
  Result<void> remove(std::int64_t team) override;
  Result<void> add(std::int64_t team, AccountId account) override;
  Result<void> drop(std::int64_t team, AccountId account) override;

 private:
  Database& database_;
  News& news_;
};

class GrantRows final : public Grants {
 public:
  GrantRows(Database& database, News& news) : database_(database), news_(news) {}
  Result<Grant> find(std::int64_t id) const override;
  Result<std::vector<Grant>> held_by(AccountId account) const override;
  Result<std::vector<Grant>> list(std::int64_t after, std::size_t limit) const override;
  Result<std::vector<Grant>> list_below(std::string_view name_space, std::int64_t after,
                                        std::size_t limit) const override;
  Result<std::vector<Grant>> list_about(const Repository& repository, std::int64_t after,
                                        std::size_t limit) const override;
  Result<Grant> create(const NewGrant& grant) override;
  Result<void> remove(std::int64_t id) override;
  Result<void> remove_of(AccountId account) override;

 private:
  Database& database_;
  News& news_;
};

class SecretRows final : public Secrets {
 public:
  SecretRows(Database& database, News& news) : database_(database), news_(news) {}
  Result<Secret> find(ByteView fingerprint) const override;
  Result<Secret> find(std::int64_t id) const override;
  Result<Secret> password_of(AccountId account) const override;
  Result<std::vector<Secret>> list(AccountId account, std::int64_t after,
                                   std::size_t limit) const override;
  Result<Secret> add(const NewSecret& secret) override;
  Result<void> set_hash(std::int64_t id, std::string_view password_hash) override;
  Result<void> set_expiry(std::int64_t id, WallTime expires_at) override;
  Result<void> note_uses(std::span<const SecretUse> uses) override;
  Result<void> carry_over(AccountId account, std::int64_t from, std::int64_t to) override;
  Result<void> remove(std::int64_t id) override;
  Result<void> remove_all(AccountId account, SecretKind kind) override;
  Result<void> trim(AccountId account, SecretKind kind, std::size_t most) override;
  Result<std::size_t> purge(WallTime ended_before, std::size_t limit) override;

 private:
  Database& database_;
  News& news_;
};

}  // namespace entrepot::meta::sqlite
