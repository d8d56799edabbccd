#include "server/run/backup_job.h"

#include "json/reader.h"
#include "json/writer.h"

namespace entrepot::server {
namespace {

namespace field {
enum { kName, kFailure, kCount };
constexpr json::Names<kCount> kNames = {"name", "failure"};
}  // namespace field

// The fields of BackupContents by name, in the order in which they are written.
struct Count {
  std::string_view name;
  std::uint64_t meta::BackupContents::*field;
};
constexpr Count kCounts[] = {
    {"size_bytes", &meta::BackupContents::size_bytes},
    {"repositories", &meta::BackupContents::repositories},
    {"manifests", &meta::BackupContents::manifests},
    {"tags", &meta::BackupContents::tags},
    {"blobs", &meta::BackupContents::blobs},
};
constexpr auto kCountNames = json::names_of(kCounts);

}  // namespace

Bytes to_json(const BackupOutcome& outcome) {
  Bytes out;
  json::Writer json(out);
  json.begin_object().member(field::kNames[field::kName], outcome.made.name);
  for (const Count& count : kCounts) json.member(count.name, outcome.made.contents.*count.field);
  json.member(field::kNames[field::kFailure], outcome.failure).end_object();
  return out;
}

Result<BackupOutcome> parse_backup_outcome(ByteView text) {
  TRY_ASSIGN(const auto document, json::Document::parse(text, "backup"));
  TRY_ASSIGN(const auto fields, document.root().fields(field::kNames));
  TRY_ASSIGN(const auto counts, document.root().fields(kCountNames));
  BackupOutcome outcome;
  TRY(fields.read(field::kName, outcome.made.name));
  TRY(fields.read(field::kFailure, outcome.failure));
  for (std::size_t i = 0; i < kCountNames.size(); ++i) {
    TRY(counts.read(i, outcome.made.contents.*kCounts[i].field));
  }
  return outcome;
}

}  // namespace entrepot::server
