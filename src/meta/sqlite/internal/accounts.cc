#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kFindByName[] =
    "SELECT id, name, kind, state, owner, role, new_visibility, base_role, epoch, created_at, "
    "provider"
    "  FROM accounts WHERE name = ?1";
constexpr char kFindById[] =
    "SELECT id, name, kind, state, owner, role, new_visibility, base_role, epoch, created_at, "
    "provider"
    "  FROM accounts WHERE id = ?1";
constexpr char kList[] =
    "SELECT id, name, kind, state, owner, role, new_visibility, base_role, epoch, created_at, "
    "provider"
    "  FROM accounts WHERE kind = ?1 AND state <> 3 AND name > ?2 ORDER BY name LIMIT ?3";
constexpr char kAny[] = "SELECT 1 FROM accounts WHERE id > 0 LIMIT 1";
constexpr char kCountAdmins[] =
    "SELECT count(*) FROM accounts WHERE role = 2 AND state = 1 AND kind = 1";
constexpr char kEpoch[] = "SELECT CAST(value AS INTEGER) FROM settings WHERE key = 'people.epoch'";
constexpr char kRaiseEpoch[] =
    "INSERT INTO settings (key, value) VALUES ('people.epoch', '1')"
    " ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)";
constexpr char kInsert[] =
    "INSERT INTO accounts (name, kind, owner, role, new_visibility, base_role, created_at,"
    " provider) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (name) DO NOTHING";
constexpr char kUpdate[] =
    "UPDATE accounts SET state = ?2, role = ?3, new_visibility = ?4, base_role = ?5,"
    " epoch = epoch + ?6 WHERE id = ?1";

Result<Account> account_of(const Query& row) {
  Account account;
  account.id = AccountId{row.integer(0)};
  account.name = row.text(1);
  account.kind = static_cast<AccountKind>(row.integer(2));
  account.state = static_cast<AccountState>(row.integer(3));
  account.owner = AccountId{row.integer(4)};
  account.role = static_cast<SystemRole>(row.integer(5));
  account.new_visibility = static_cast<Visibility>(row.integer(6));
  account.base_role = static_cast<RepositoryRole>(row.integer(7));
  account.epoch = row.integer(8);
  account.created_at = row.time(9);
  account.provider = static_cast<Provider>(row.integer(10));
  return account;
}

}  // namespace

Result<void> tell_of_people(Database& database, News& news) {
  news.people = true;
  TRY(database.run(kRaiseEpoch));
  return {};
}

Result<Account> AccountRows::find(std::string_view name) const {
  TRY_ASSIGN(Query query, database_.query(kFindByName, name));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "nobody is called {}", name);
  return account_of(query);
}

Result<Account> AccountRows::find(AccountId id) const {
  TRY_ASSIGN(Query query, database_.query(kFindById, id));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "no account {}", id.value);
  return account_of(query);
}

Result<std::vector<Account>> AccountRows::list(AccountKind kind, std::string_view after,
                                               std::size_t limit) const {
  return rows<Account>(database_.query(kList, static_cast<int>(kind), after, to_sql_limit(limit)),
                       &account_of);
}

Result<bool> AccountRows::any() const { return database_.exists(kAny); }

Result<std::size_t> AccountRows::count_admins() const {
  TRY_ASSIGN(Query query, database_.query(kCountAdmins));
  TRY(query.next());
  return query.size(0);
}

Result<std::int64_t> AccountRows::epoch() const {
  TRY_ASSIGN(Query query, database_.query(kEpoch));
  TRY_ASSIGN(const bool found, query.next());
  return found ? query.integer(0) : 0;
}

Result<Account> AccountRows::create(const NewAccount& account) {
  TRY_ASSIGN(const auto inserted,
             database_.run(kInsert, account.name, static_cast<int>(account.kind), account.owner,
                           static_cast<int>(account.role), static_cast<int>(account.new_visibility),
                           static_cast<int>(account.base_role), account.created_at,
                           static_cast<int>(account.provider)));
  if (inserted == 0) return fail(ErrorCode::AlreadyExists, "the name {} is taken", account.name);
  Account made;
  static_cast<NewAccount&>(made) = account;
  made.id = AccountId{database_.last_inserted_id()};
  TRY(tell_of_people(database_, news_));
  return made;
}

Result<void> AccountRows::update(const Account& account, bool ends_sessions) {
  TRY_ASSIGN(const auto changed,
             database_.run(kUpdate, account.id, static_cast<int>(account.state),
                           static_cast<int>(account.role), static_cast<int>(account.new_visibility),
                           static_cast<int>(account.base_role), ends_sessions ? 1 : 0));
  if (changed == 0) return fail(ErrorCode::NotFound, "no account {}", account.id.value);
  return tell_of_people(database_, news_);
}

}  // namespace entrepot::meta::sqlite
