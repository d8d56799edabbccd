#include "load/plan.h"

#include <simdjson.h>

namespace entrepot::bench {
namespace {

namespace dom = simdjson::dom;

std::string text_of(dom::object object, const char* key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

Step step_of(dom::object object) {
  Step step;
  step.method = text_of(object, "method");
  step.target = text_of(object, "target");
  step.text = text_of(object, "text");
  step.stamp = text_of(object, "stamp");
  step.sha256 = text_of(object, "sha256");
  if (object["fill"].get(step.fill_bytes) != simdjson::SUCCESS) step.fill_bytes = 0;
  dom::object headers;
  if (object["headers"].get(headers) == simdjson::SUCCESS) {
    for (const auto [key, value] : headers) {
      step.headers += std::string(key) + ": " + std::string(std::string_view(value)) + "\r\n";
    }
  }
  dom::array expect;
  if (object["expect"].get(expect) == simdjson::SUCCESS) {
    for (const auto status : expect) {
      step.expect.push_back(static_cast<int>(std::int64_t(status)));
    }
  }
  return step;
}

}  // namespace

Result<std::vector<Transaction>> read_plan(const std::string& path) {
  std::vector<Transaction> plan;
  try {
    dom::parser parser;
    for (const auto line : parser.load_many(path, 16u << 20)) {
      Transaction transaction;
      for (const auto step : dom::array(line["steps"])) transaction.push_back(step_of(step));
      plan.push_back(std::move(transaction));
    }
  } catch (const simdjson::simdjson_error& error) {
    return fail(ErrorCode::InvalidArgument, "{}: {}", path, error.what());
  }
  if (plan.empty()) return fail(ErrorCode::InvalidArgument, "{} has no transaction", path);
  return plan;
}

}  // namespace entrepot::bench
