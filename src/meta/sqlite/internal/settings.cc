#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kGet[] = "SELECT value FROM settings WHERE key = ?1";
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

Result<void> SettingRows::set(std::string_view key, std::string_view value) {
  TRY(database_.run(kSet, key, value));
  return {};
}

}  // namespace entrepot::meta::sqlite
