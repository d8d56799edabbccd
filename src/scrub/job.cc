#include "scrub/job.h"

#include "json/reader.h"
#include "json/writer.h"

namespace entrepot::scrub {
namespace {

constexpr std::size_t kMarksAPage = 1000;

namespace request_field {
enum { kRepair, kCount };
constexpr json::Names<kCount> kNames = {"repair"};
}  // namespace request_field

namespace report_field {
enum { kLeft, kMoreLosses, kLosses, kCount };
constexpr json::Names<kCount> kNames = {"left", "more_losses", "losses"};
}  // namespace report_field

// The fields of Counts by name, in the order in which they are written.
struct Count {
  std::string_view name;
  std::uint64_t Counts::*field;
};
constexpr Count kCounts[] = {
    {"manifests", &Counts::manifests}, {"blobs", &Counts::blobs},   {"bytes", &Counts::bytes},
    {"damaged", &Counts::damaged},     {"mended", &Counts::mended}, {"unmended", &Counts::unmended},
};
constexpr auto kCountNames = json::names_of(kCounts);

Result<Loss> parse_loss(const json::Value& value) {
  std::vector<std::string> texts;
  TRY(value.each_element("a list", [&](const json::Value& text) -> Result<void> {
    TRY_ASSIGN(const auto one, text.get<std::string_view>());
    texts.emplace_back(one);
    return {};
  }));
  if (texts.size() != 3) return value.invalid("a loss is three texts");
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

Bytes to_json(const Request& request) {
  using namespace request_field;
  Bytes out;
  json::Writer json(out);
  json.begin_object().member(kNames[kRepair], request.repair).end_object();
  return out;
}

Bytes to_json(const Report& report) {
  using namespace report_field;
  Bytes out;
  json::Writer json(out);
  json.begin_object();
  for (const Count& count : kCounts) json.member(count.name, report.counts.*count.field);
  json.member(kNames[kLeft], report.left).member(kNames[kMoreLosses], report.more_losses);
  json.key(kNames[kLosses]).begin_array();
  for (const Loss& loss : report.losses) {
    json.begin_array().value(loss.repository).value(loss.tag).value(loss.why).end_array();
  }
  json.end_array().end_object();
  return out;
}

Result<Request> parse_request(ByteView text) {
  using namespace request_field;
  TRY_ASSIGN(const auto document, json::Document::parse(text, "request"));
  TRY_ASSIGN(const auto fields, document.root().fields(kNames));
  Request request;
  TRY(fields.read(kRepair, request.repair));
  return request;
}

Result<Report> parse_report(ByteView text) {
  using namespace report_field;
  TRY_ASSIGN(const auto document, json::Document::parse(text, "report"));
  TRY_ASSIGN(const auto counts, document.root().fields(kCountNames));
  TRY_ASSIGN(const auto fields, document.root().fields(kNames));
  Report report;
  for (std::size_t i = 0; i < kCountNames.size(); ++i) {
    TRY(counts.read(i, report.counts.*kCounts[i].field));
  }
  TRY(fields.read(kLeft, report.left));
  TRY(fields.read(kMoreLosses, report.more_losses));
  const auto losses = fields.find(kLosses);
  if (!losses) return report;
  TRY(losses->each_element("a list", [&](const json::Value& value) -> Result<void> {
    TRY_ASSIGN(auto loss, parse_loss(value));
    report.losses.push_back(std::move(loss));
    return {};
  }));
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
