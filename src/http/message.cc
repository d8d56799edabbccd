#include "http/message.h"

#include <algorithm>

#include "base/check.h"
#include "http/request_data.h"
#include "http/router.h"

namespace entrepot::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// Calls `visit(value)` for each value of the query parameter `name`, until it returns false.
template <class Visit>
void each_parameter(std::string_view query, std::string_view name, const Visit& visit) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));

    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto key = percent_decode(pair.substr(0, equals), true);
    if (!key || *key != name) continue;
    const std::string_view text = pair.substr(std::min(equals + 1, pair.size()));
    auto value = percent_decode(text, true);
    if (!visit(value ? *std::move(value) : std::string(text))) return;
  }
}

}  // namespace

std::string_view name_of(Method method) {
  switch (method) {
    case Method::Get:
      return "GET";
    case Method::Head:
      return "HEAD";
    case Method::Post:
      return "POST";
    case Method::Put:
      return "PUT";
    case Method::Patch:
      return "PATCH";
    case Method::Delete:
      return "DELETE";
    case Method::Options:
      return "OPTIONS";
    case Method::Other:
      return "OTHER";
  }
  return "OTHER";
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

Request::Request(std::unique_ptr<RequestData> data) : data_(std::move(data)) {
  CHECK(data_ != nullptr);
}
Request::Request(Request&&) noexcept = default;
Request& Request::operator=(Request&&) noexcept = default;
Request::~Request() = default;

Method Request::method() const { return data_->head.method; }
std::string_view Request::method_text() const { return data_->head.method_text; }
std::string_view Request::target() const { return data_->head.target; }
std::string_view Request::path() const { return data_->head.path; }
std::string_view Request::query() const { return data_->head.query; }
bool Request::has_body() const { return data_->head.has_body(); }
const Peer& Request::peer() const { return *data_->peer; }
const std::string& Request::id() const { return data_->id; }
Note* Request::note() const { return data_->note.get(); }
void Request::keep(std::unique_ptr<Note> note) const { data_->note = std::move(note); }

bool Request::is_http11() const { return data_->head.http11; }

std::optional<std::uint64_t> Request::content_length_bytes() const {
  return data_->head.content_length_bytes;
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const Header& header : data_->head.headers) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Request::headers(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Header& header : data_->head.headers) {
    if (equals_ignoring_case(header.name, name)) values.push_back(header.value);
  }
  return values;
}

std::span<const Header> Request::header_lines() const { return data_->head.headers; }

std::optional<std::string> Request::parameter(std::string_view name) const {
  std::optional<std::string> first;
  each_parameter(query(), name, [&](std::string value) {
    first = std::move(value);
    return false;
  });
  return first;
}

std::vector<std::string> Request::parameters(std::string_view name) const {
  std::vector<std::string> values;
  each_parameter(query(), name, [&](std::string value) {
    values.push_back(std::move(value));
    return true;
  });
  return values;
}

Response Response::text(int status, std::string_view content_type, Bytes body) {
  Response response;
  response.status = status;
  response.with("Content-Type", std::string(content_type));
  response.body = Source(std::make_shared<const Bytes>(std::move(body)));
  return response;
}

}  // namespace entrepot::http
