#include "scrub/job.h"

#include <simdjson.h>

#include "oci/manifest.h"

namespace entrepot::scrub {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t kMarksAPage = 1000;

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

// The fields of Counts by name, in the order in which they are written.
struct Count {
  std::string_view name;
  std::uint64_t Counts::*field;
};
constexpr Count kCounts[] = {
    {"manifests", &Counts::manifests}, {"blobs", &Counts::blobs},   {"bytes", &Counts::bytes},
    {"damaged", &Counts::damaged},     {"mended", &Counts::mended}, {"unmended", &Counts::unmended},
};

Result<Loss> parse_loss(element value) {
  std::vector<std::string> texts;
  array list;
  if (value.get(list) == simdjson::SUCCESS) {
    for (const element text : list) {
      std::string_view one;
      if (text.get(one) == simdjson::SUCCESS) texts.emplace_back(one);
    }
  }
  if (texts.size() != 3) return fail(ErrorCode::InvalidArgument, "a loss is three texts");
  return Loss{texts[0], texts[1], texts[2]};
}

Result<std::uint64_t> count_marked(Context& context, meta::Store& meta) {
  return meta.view<std::uint64_t>(
      context, [](const meta::Snapshot& snapshot) -> Result<std::uint64_t> {
        TRY_ASSIGN(const auto manifests, snapshot.damage().manifests(kMarksAPage));
        std::uint64_t count = manifests.size();
        std::optional<oci::Digest> after;
        do {
          TRY_ASSIGN(const auto blobs, snapshot.damage().blobs(after, kMarksAPage));
          count += blobs.size();
          after = blobs.size() < kMarksAPage ? std::nullopt : std::optional(blobs.back().digest);
        } while (after);
        return count;
      });
}

}  // namespace

Bytes to_json(const Request& request) { return fmt::format(R"({{"repair":{}}})", request.repair); }

Bytes to_json(const Report& report) {
  Bytes json = "{";
  for (const Count& count : kCounts) {
    json += fmt::format(R"("{}":{},)", count.name, report.counts.*count.field);
  }
  json += fmt::format(R"("left":{},"more_losses":{},"losses":[)", report.left, report.more_losses);
  for (std::size_t i = 0; i < report.losses.size(); ++i) {
    const Loss& loss = report.losses[i];
    json += i == 0 ? "[" : ",[";
    oci::append_json_string(json, loss.repository);
    json += ',';
    oci::append_json_string(json, loss.tag);
    json += ',';
    oci::append_json_string(json, loss.why);
    json += ']';
  }
  return json + "]}";
}

Result<Request> parse_request(ByteView json) {
  simdjson::dom::parser parser;
  TRY_ASSIGN(const object fields, parse_object(parser, json));
  Request request;
  TRY(read(fields, "repair", request.repair));
  return request;
}

Result<Report> parse_report(ByteView json) {
  simdjson::dom::parser parser;
  TRY_ASSIGN(const object fields, parse_object(parser, json));
  Report report;
  for (const Count& count : kCounts) TRY(read(fields, count.name, report.counts.*count.field));
  TRY(read(fields, "left", report.left));
  TRY(read(fields, "more_losses", report.more_losses));
  array losses;
  TRY(read(fields, "losses", losses));
  if (fields["losses"].error() == simdjson::NO_SUCH_FIELD) return report;
  for (const element value : losses) {
    TRY_ASSIGN(auto loss, parse_loss(value));
    report.losses.push_back(std::move(loss));
  }
  return report;
}

Result<Report> check_all(Context& context, registry::Stores stores,
                         registry::Quarantine& quarantine, const Request& request,
                         const AfterStep& after_step) {
  Walk walk(stores, quarantine, request.repair ? Walk::Rows::Mend : Walk::Rows::LeaveAlone);
  Report report;
  bool more = true;
  while (more) {
    TRY_ASSIGN(more, walk.step(context, [](std::size_t) { return Result<void>(); }));
    report.counts = walk.counts();
    TRY(after_step(report));
  }
  TRY_ASSIGN(report.left, count_marked(context, stores.meta));
  report.left += report.counts.unmended;
  TRY(find_losses(context, stores.meta, [&](const Loss& loss) {
    if (report.losses.size() < kMostLosses) {
      report.losses.push_back(loss);
    } else {
      ++report.more_losses;
    }
  }));
  return report;
}

}  // namespace entrepot::scrub
