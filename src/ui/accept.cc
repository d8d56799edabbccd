#include "ui/accept.h"

#include <algorithm>

namespace entrepot::ui {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes what stands before `separator` off the front of `rest`.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view piece = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return piece;
}

// "q=0", "Q=0.000"
bool is_zero_quality(std::string_view parameter) {
  if (parameter.size() < 3 || !http::equals_ignoring_case(parameter.substr(0, 2), "q=")) {
    return false;
  }
  return parameter.find_first_not_of("0.", 2) == std::string_view::npos;
}

bool names(std::string_view element, std::string_view word) {
  if (!http::equals_ignoring_case(take_until(element, ';'), word)) return false;
  while (!element.empty()) {
    if (is_zero_quality(take_until(element, ';'))) return false;
  }
  return true;
}

}  // namespace

bool takes(const http::Request& request, std::string_view header, std::string_view word) {
  for (std::string_view list : request.headers(header)) {
    while (!list.empty()) {
      if (names(take_until(list, ','), word)) return true;
    }
  }
  return false;
}

bool has_already(const http::Request& request, std::string_view etag) {
  for (std::string_view list : request.headers("If-None-Match")) {
    while (!list.empty()) {
      std::string_view one = take_until(list, ',');
      if (one.starts_with("W/")) one.remove_prefix(2);
      if (one == "*" || one == etag) return true;
    }
  }
  return false;
}

}  // namespace entrepot::ui
