#include "collect/job.h"

#include <simdjson.h>

namespace entrepot::collect {
namespace {

using simdjson::dom::object;

// Times beyond a hundred years would leave what a WallTime can hold.
constexpr std::int64_t kMostSeconds = 100LL * 366 * 24 * 3600;

Result<object> parse_object(simdjson::dom::parser& parser, ByteView json) {
  object fields;
  if (parser.parse(json.data(), json.size()).get(fields) != simdjson::SUCCESS) {
    return fail(ErrorCode::InvalidArgument, "not a JSON object");
  }
  return fields;
}

// Sets `value` from the field, if it is there.
template <class T>
Result<void> read(const object& fields, std::string_view name, T& value) {
  const auto error = fields[name].get(value);
  if (error == simdjson::SUCCESS || error == simdjson::NO_SUCH_FIELD) return {};
  return fail(ErrorCode::InvalidArgument, "{} is not of its type", name);
}

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

}  // namespace

Bytes to_json(const Request& request) {
  std::string json = fmt::format(R"({{"dry_run":{},"delete_untagged":{})", request.dry_run,
                                 request.delete_untagged);
  if (request.delay) json += fmt::format(R"(,"delay_seconds":{})", request.delay->count());
  return json + "}";
}

Bytes to_json(const Progress& progress) {
  std::string json;
  for (const Count& count : kCounts) {
    json +=
        fmt::format(R"({}"{}":{})", json.empty() ? "{" : ",", count.name, progress.*count.field);
  }
  return json + "}";
}

Result<Request> parse_request(ByteView json) {
  simdjson::dom::parser parser;
  TRY_ASSIGN(const object fields, parse_object(parser, json));
  Request request;
  std::int64_t seconds = -1;
  TRY(read(fields, "dry_run", request.dry_run));
  TRY(read(fields, "delete_untagged", request.delete_untagged));
  TRY(read(fields, "delay_seconds", seconds));
  if (fields["delay_seconds"].error() == simdjson::NO_SUCH_FIELD) return request;
  if (seconds < 0 || seconds > kMostSeconds) {
    return fail(ErrorCode::InvalidArgument, "delay_seconds is not from 0 to {}", kMostSeconds);
  }
  request.delay = std::chrono::seconds(seconds);
  return request;
}

Result<Progress> parse_progress(ByteView json) {
  simdjson::dom::parser parser;
  TRY_ASSIGN(const object fields, parse_object(parser, json));
  Progress progress;
  for (const Count& count : kCounts) TRY(read(fields, count.name, progress.*count.field));
  return progress;
}

}  // namespace entrepot::collect
