#include "collect/job.h"

#include "json/reader.h"
#include "json/writer.h"

namespace entrepot::collect {
namespace {

// Times beyond a hundred years would leave what a WallTime can hold.
constexpr std::int64_t kMostSeconds = 100LL * 366 * 24 * 3600;

namespace request_field {
enum { kDryRun, kDeleteUntagged, kDelaySeconds, kCount };
constexpr json::Names<kCount> kNames = {"dry_run", "delete_untagged", "delay_seconds"};
}  // namespace request_field

// The fields of a Progress by name, in the order in which they are written.
struct Count {
  std::string_view name;
  std::uint64_t Progress::*field;
};
constexpr Count kCounts[] = {
    {"untagged", &Progress::untagged},
    {"reviewed", &Progress::reviewed},
    {"kept", &Progress::kept},
    {"removed", &Progress::removed},
    {"freed_bytes", &Progress::freed_bytes},
    {"failed", &Progress::failed},
    {"left", &Progress::left},
};
constexpr auto kCountNames = json::names_of(kCounts);

}  // namespace

Bytes to_json(const Request& request) {
  using namespace request_field;
  Bytes out;
  json::Writer json(out);
  json.begin_object()
      .member(kNames[kDryRun], request.dry_run)
      .member(kNames[kDeleteUntagged], request.delete_untagged);
  if (request.delay) json.member(kNames[kDelaySeconds], request.delay->count());
  json.end_object();
  return out;
}

Bytes to_json(const Progress& progress) {
  Bytes out;
  json::Writer json(out);
  json.begin_object();
  for (const Count& count : kCounts) json.member(count.name, progress.*count.field);
  json.end_object();
  return out;
}

Result<Request> parse_request(ByteView text) {
  using namespace request_field;
  TRY_ASSIGN(const auto document, json::Document::parse(text, "request"));
  TRY_ASSIGN(const auto fields, document.root().fields(kNames));
  Request request;
  TRY(fields.read(kDryRun, request.dry_run));
  TRY(fields.read(kDeleteUntagged, request.delete_untagged));
  const auto delay = fields.find(kDelaySeconds);
  if (!delay) return request;
  TRY_ASSIGN(const auto seconds, delay->get<std::int64_t>());
  if (seconds < 0 || seconds > kMostSeconds) {
    return delay->invalid(fmt::format("not from 0 to {}", kMostSeconds));
  }
  request.delay = std::chrono::seconds(seconds);
  return request;
}

Result<Progress> parse_progress(ByteView text) {
  TRY_ASSIGN(const auto document, json::Document::parse(text, "progress"));
  TRY_ASSIGN(const auto fields, document.root().fields(kCountNames));
  Progress progress;
  for (std::size_t i = 0; i < kCountNames.size(); ++i) {
    TRY(fields.read(i, progress.*kCounts[i].field));
  }
  return progress;
}

}  // namespace entrepot::collect
