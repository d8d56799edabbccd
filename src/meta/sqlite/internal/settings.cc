#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kGet[] = "SELECT value FROM settings WHERE key = ?1";
constexpr char kList[] =
    "SELECT key, value FROM settings WHERE key >= ?1 AND key > ?2 AND key < ?3"
    " ORDER BY key LIMIT ?4";
constexpr char kRemove[] = "DELETE FROM settings WHERE key = ?1";
constexpr char kSet[] =
    "INSERT INTO settings (key, value) VALUES (?1, ?2)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value";

}  // namespace

Result<std::string> SettingRows::get(std::string_view key) const {
  TRY_ASSIGN(Query query, database_.query(kGet, key));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "no setting {}", key);
  return std::string(query.text(0));
}

Result<std::vector<Settings::Entry>> SettingRows::list(std::string_view prefix,
                                                       std::string_view after,
                                                       std::size_t limit) const {
  // Keys are compared octet by octet, and 0xFF is in no text.
  const std::string end = std::string(prefix) + '\xff';
  return rows<Entry>(database_.query(kList, prefix, after, end, to_sql_limit(limit)),
                     [](const Query& row) -> Result<Entry> {
                       return Entry{std::string(row.text(0)), std::string(row.text(1))};
                     });
}

Result<void> SettingRows::remove(std::string_view key) {
  TRY(database_.run(kRemove, key));
  return {};
}

Result<void> SettingRows::set(std::string_view key, std::string_view value) {
  TRY(database_.run(kSet, key, value));
  return {};
}

}  // namespace entrepot::meta::sqlite
