#pragma once
// server/run/answer_headers.h — the headers that the operator wants on every answer.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "server/options/option_values.h"

namespace entrepot::server {

// The configured lines of http.headers. Thread-safe.
class AnswerHeaders {
 public:
  explicit AnswerHeaders(std::vector<HeaderLine> lines) : lines_(std::move(lines)) {}

  bool empty() const { return lines_.empty(); }

  // Adds the lines; one of the same name that the response had is replaced. `origin` is the
  // request's: where Access-Control-Allow-Origin names that page among others, it is sent alone,
  // since browsers take no list.
  void put_on(http::Response& response, std::optional<std::string_view> origin) const;

 private:
  const std::vector<HeaderLine> lines_;
};

// The pages that Access-Control-Allow-Origin names in these lines.
std::vector<std::string> allowed_origins(const std::vector<HeaderLine>& lines);

}  // namespace entrepot::server
