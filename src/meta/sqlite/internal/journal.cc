#include <limits>

#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kAdd[] =
    "INSERT INTO journal (kind, at, actor, repository, digest, tag, previous, actor_kind, detail,"
    "                     client, request)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
constexpr char kRead[] =
    "SELECT sequence, kind, at, actor, repository, digest, tag, previous, actor_kind, detail,"
    "       client, request"
    "  FROM journal WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";
constexpr char kReadBack[] =
    "SELECT sequence, kind, at, actor, repository, digest, tag, previous, actor_kind, detail,"
    "       client, request"
    "  FROM journal WHERE sequence < ?1 ORDER BY sequence DESC LIMIT ?2";
constexpr char kDropped[] =
    "SELECT 1 FROM settings WHERE key = 'journal.dropped' AND CAST(value AS INTEGER) > ?1";
constexpr char kHold[] =
    "INSERT INTO journal_readers (name, sequence) VALUES (?1, ?2)"
    " ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence";
constexpr char kRelease[] = "DELETE FROM journal_readers WHERE name = ?1";

Result<std::optional<Digest>> optional_digest(const Query& row, int column) {
  std::optional<Digest> digest;
  if (!row.is_null(column)) {
    TRY_ASSIGN(digest, row.digest(column));
  }
  return digest;
}

Result<Journal::Entry> entry_of(const Query& row) {
  std::optional<RepositoryName> repository;
  if (!row.text(4).empty()) {
    TRY_ASSIGN(repository, RepositoryName::parse(row.text(4)));
  }
  TRY_ASSIGN(auto digest, optional_digest(row, 5));
  TRY_ASSIGN(auto previous, optional_digest(row, 7));
  std::optional<Tag> tag;
  if (!row.is_null(6)) {
    TRY_ASSIGN(tag, Tag::parse(row.text(6)));
  }
  return Journal::Entry{
      .sequence = row.integer(0),
      .event = {.kind = static_cast<events::EventKind>(row.integer(1)),
                .at = row.time(2),
                .actor = {static_cast<events::ActorKind>(row.integer(8)), std::string(row.text(3))},
                .repository = std::move(repository),
                .digest = std::move(digest),
                .tag = std::move(tag),
                .previous = std::move(previous),
                .detail = std::string(row.text(9)),
                .client = std::string(row.text(10)),
                .request = std::string(row.text(11))}};
}

}  // namespace

Result<void> JournalRows::add(events::Event event) {
  if (asker_ != nullptr && event.client.empty() && event.request.empty()) {
    event.client = asker_->client();
    event.request = asker_->request_id();
  }
  const std::string_view where = event.repository ? event.repository->str() : std::string_view();
  TRY(database_.run(kAdd, static_cast<int>(event.kind), event.at, event.actor.id, where,
                    event.digest, event.tag, event.previous, static_cast<int>(event.actor.kind),
                    event.detail, event.client, event.request));
  news_.entries.push_back({database_.last_inserted_id(), std::move(event)});
  return {};
}

Result<void> JournalRows::hold(std::string_view reader, std::int64_t sequence) {
  TRY(database_.run(kHold, reader, sequence));
  return {};
}

Result<void> JournalRows::release(std::string_view reader) {
  TRY(database_.run(kRelease, reader));
  return {};
}

Result<Journal::Page> JournalRows::read(std::int64_t after, std::size_t limit) const {
  Page page;
  TRY_ASSIGN(page.missed, database_.exists(kDropped, after));
  TRY_ASSIGN(page.entries,
             rows<Entry>(database_.query(kRead, after, to_sql_limit(limit)), &entry_of));
  return page;
}

Result<std::vector<Journal::Entry>> JournalRows::read_back(std::optional<std::int64_t> before,
                                                           std::size_t limit) const {
  constexpr auto kEnd = std::numeric_limits<std::int64_t>::max();
  return rows<Entry>(database_.query(kReadBack, before.value_or(kEnd), to_sql_limit(limit)),
                     &entry_of);
}

}  // namespace entrepot::meta::sqlite
