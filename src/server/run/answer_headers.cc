#include "server/run/answer_headers.h"

#include <algorithm>

#include "auth/open_mode.h"

namespace entrepot::server {
namespace {

constexpr std::string_view kAllowOrigin = "Access-Control-Allow-Origin";

bool same_name(std::string_view a, std::string_view b) { return http::equals_ignoring_case(a, b); }

// "http://a, http://b": who writes a list into one value means all of them.
void add_origins(std::string_view value, std::vector<std::string>& out) {
  while (!value.empty()) {
    const auto end = std::min(value.find_first_of(", \t"), value.size());
    if (end > 0) out.emplace_back(value.substr(0, end));
    value.remove_prefix(std::min(end + 1, value.size()));
  }
}

}  // namespace

std::vector<std::string> allowed_origins(const std::vector<HeaderLine>& lines) {
  std::vector<std::string> origins;
  for (const HeaderLine& line : lines) {
    if (same_name(line.name, kAllowOrigin)) add_origins(line.value, origins);
  }
  return origins;
}

void AnswerHeaders::put_on(http::Response& response, std::optional<std::string_view> origin) const {
  std::erase_if(response.headers, [this](const auto& header) {
    return std::any_of(lines_.begin(), lines_.end(),
                       [&](const HeaderLine& line) { return same_name(line.name, header.first); });
  });
  const std::vector<std::string> named =
      origin ? allowed_origins(lines_) : std::vector<std::string>();
  const bool is_one_of_several =
      named.size() > 1 && std::any_of(named.begin(), named.end(), [&](const std::string& one) {
        return one != "*" && auth::names_origin(one, *origin);
      });
  for (const HeaderLine& line : lines_) {
    if (is_one_of_several && same_name(line.name, kAllowOrigin)) continue;
    response.with(line.name, line.value);
  }
  if (is_one_of_several) {
    response.with(std::string(kAllowOrigin), std::string(*origin)).with("Vary", "Origin");
  }
}

}  // namespace entrepot::server
