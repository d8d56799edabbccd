#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

#define SECRET_COLUMNS                                                                          \
  "id, account, kind, name, fingerprint, password_hash, bound, epoch, created_at, expires_at, " \
  "used_at, used_from"

constexpr char kFindByFingerprint[] =
    "SELECT " SECRET_COLUMNS " FROM secrets WHERE fingerprint = ?1";
constexpr char kFindById[] = "SELECT " SECRET_COLUMNS " FROM secrets WHERE id = ?1";
constexpr char kPasswordOf[] =
    "SELECT " SECRET_COLUMNS " FROM secrets WHERE account = ?1 AND kind = 1";
constexpr char kList[] =
    "SELECT " SECRET_COLUMNS " FROM secrets WHERE account = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
constexpr char kInsert[] =
    "INSERT INTO secrets (account, kind, name, fingerprint, password_hash, bound, epoch, "
    "created_at,"
    " expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
constexpr char kSetHash[] = "UPDATE secrets SET password_hash = ?2 WHERE id = ?1";
constexpr char kSetExpiry[] = "UPDATE secrets SET expires_at = ?2 WHERE id = ?1";
constexpr char kNoteUse[] = "UPDATE secrets SET used_at = ?2, used_from = ?3 WHERE id = ?1";
constexpr char kCarryOver[] =
    "UPDATE secrets SET epoch = ?3 WHERE account = ?1 AND kind IN (4, 5) AND epoch = ?2";
constexpr char kRemove[] = "DELETE FROM secrets WHERE id = ?1";
constexpr char kRemoveAll[] = "DELETE FROM secrets WHERE account = ?1 AND kind = ?2";
constexpr char kTrim[] =
    "DELETE FROM secrets WHERE id IN (SELECT id FROM secrets WHERE account = ?1 AND kind = ?2"
    " ORDER BY expires_at DESC, id DESC LIMIT -1 OFFSET ?3)";
constexpr char kPurge[] =
    "DELETE FROM secrets WHERE id IN"
    " (SELECT id FROM secrets WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)";

#undef SECRET_COLUMNS

Result<Secret> secret_of(const Query& row) {
  Secret secret;
  secret.id = row.integer(0);
  secret.account = AccountId{row.integer(1)};
  secret.kind = static_cast<SecretKind>(row.integer(2));
  secret.name = row.text(3);
  secret.fingerprint = Bytes(row.blob(4));
  secret.password_hash = row.text(5);
  secret.bound = row.text(6);
  secret.epoch = row.integer(7);
  secret.created_at = row.time(8);
  if (!row.is_null(9)) secret.expires_at = row.time(9);
  if (!row.is_null(10)) secret.used_at = row.time(10);
  secret.used_from = row.text(11);
  return secret;
}

Result<Secret> one(Result<Query> found) {
  TRY_ASSIGN(Query query, std::move(found));
  TRY_ASSIGN(const bool any, query.next());
  if (!any) return fail(ErrorCode::NotFound, "no such secret");
  return secret_of(query);
}

}  // namespace

Result<Secret> SecretRows::find(ByteView fingerprint) const {
  return one(database_.query(kFindByFingerprint, Octets{fingerprint}));
}

Result<Secret> SecretRows::find(std::int64_t id) const {
  return one(database_.query(kFindById, id));
}

Result<Secret> SecretRows::password_of(AccountId account) const {
  return one(database_.query(kPasswordOf, account));
}

Result<std::vector<Secret>> SecretRows::list(AccountId account, std::int64_t after,
                                             std::size_t limit) const {
  return rows<Secret>(database_.query(kList, account, after, to_sql_limit(limit)), &secret_of);
}

Result<Secret> SecretRows::add(const NewSecret& secret) {
  std::optional<Octets> fingerprint;
  if (!secret.fingerprint.empty()) fingerprint = Octets{secret.fingerprint};
  TRY(database_.run(kInsert, secret.account, static_cast<int>(secret.kind), secret.name,
                    fingerprint, secret.password_hash, secret.bound, secret.epoch,
                    secret.created_at, secret.expires_at));
  Secret made;
  static_cast<NewSecret&>(made) = secret;
  made.id = database_.last_inserted_id();
  const bool gives_rights =
      secret.kind != SecretKind::RefreshToken && secret.kind != SecretKind::Session;
  if (gives_rights) TRY(tell_of_people(database_, news_));
  return made;
}

Result<void> SecretRows::set_hash(std::int64_t id, std::string_view password_hash) {
  TRY(database_.run(kSetHash, id, password_hash));
  return {};
}

Result<void> SecretRows::set_expiry(std::int64_t id, WallTime expires_at) {
  TRY(database_.run(kSetExpiry, id, expires_at));
  return {};
}

Result<void> SecretRows::note_uses(std::span<const SecretUse> uses) {
  for (const SecretUse& use : uses) TRY(database_.run(kNoteUse, use.id, use.at, use.from));
  return {};
}

Result<void> SecretRows::carry_over(AccountId account, std::int64_t from, std::int64_t to) {
  TRY(database_.run(kCarryOver, account, from, to));
  return {};
}

Result<void> SecretRows::remove(std::int64_t id) {
  TRY_ASSIGN(const auto removed, database_.run(kRemove, id));
  if (removed == 0) return fail(ErrorCode::NotFound, "no such secret");
  return tell_of_people(database_, news_);
}

Result<void> SecretRows::remove_all(AccountId account, SecretKind kind) {
  TRY(database_.run(kRemoveAll, account, static_cast<int>(kind)));
  return tell_of_people(database_, news_);
}

Result<void> SecretRows::trim(AccountId account, SecretKind kind, std::size_t most) {
  TRY(database_.run(kTrim, account, static_cast<int>(kind), to_sql_limit(most)));
  return {};
}

Result<std::size_t> SecretRows::purge(WallTime ended_before, std::size_t limit) {
  TRY_ASSIGN(const auto gone, database_.run(kPurge, ended_before, to_sql_limit(limit)));
  return static_cast<std::size_t>(gone);
}

}  // namespace entrepot::meta::sqlite
