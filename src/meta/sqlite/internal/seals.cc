#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kLast[] = "SELECT last, at, content, chain FROM seals ORDER BY last DESC LIMIT 1";
constexpr char kList[] =
    "SELECT last, at, content, chain FROM seals WHERE last > ?1 ORDER BY last LIMIT ?2";
constexpr char kIsLater[] = "SELECT 1 FROM seals WHERE last >= ?1 LIMIT 1";
constexpr char kAdd[] = "INSERT INTO seals (last, at, content, chain) VALUES (?1, ?2, ?3, ?4)";

Result<Seal> seal_of(const Query& row) {
  TRY_ASSIGN(auto content, row.digest(2));
  TRY_ASSIGN(auto chain, row.digest(3));
  return Seal{row.integer(0), row.time(1), std::move(content), std::move(chain)};
}

}  // namespace

Result<Seal> SealRows::last() const {
  TRY_ASSIGN(Query query, database_.query(kLast));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "nothing is sealed yet");
  return seal_of(query);
}

Result<std::vector<Seal>> SealRows::list(std::int64_t after, std::size_t limit) const {
  return rows<Seal>(database_.query(kList, after, to_sql_limit(limit)), &seal_of);
}

Result<void> SealRows::add(const Seal& seal) {
  TRY_ASSIGN(const bool later, database_.exists(kIsLater, seal.last));
  if (later) return fail(ErrorCode::AlreadyExists, "entry {} is sealed already", seal.last);
  TRY(database_.run(kAdd, seal.last, seal.at, seal.content, seal.chain));
  return {};
}

}  // namespace entrepot::meta::sqlite
