#include "cli/api.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "cli/printed.h"

namespace entrepot::cli {
namespace {

ErrorCode code_of(int status) {
  switch (status) {
    case 400:
      return ErrorCode::InvalidArgument;
    case 401:
      return ErrorCode::Unauthenticated;
    case 403:
      return ErrorCode::Denied;
    case 404:
      return ErrorCode::NotFound;
    case 409:
      return ErrorCode::Conflict;
    case 412:
      return ErrorCode::PreconditionFailed;
    case 413:
      return ErrorCode::TooLarge;
    case 429:
      return ErrorCode::RateLimited;
    case 503:
      return ErrorCode::Unavailable;
    default:
      return status < 500 ? ErrorCode::InvalidArgument : ErrorCode::Internal;
  }
}

std::string detail_of(const std::string& body) {
  constexpr json::Names<1> kNames = {"detail"};
  std::string detail;
  const auto document = json::Document::parse(body, "answer");
  if (!document) return detail;
  const auto fields = document->root().fields(kNames);
  if (!fields || !fields->read(0, detail)) detail.clear();
  return detail;
}

}  // namespace

Result<json::Document> read_answer(std::string_view body) {
  auto document = json::Document::parse(body, "answer");
  if (!document) return Failure(error_of_answer(std::move(document).error()));
  return document;
}

Error error_of_answer(Error error) {
  if (error.code == ErrorCode::InvalidArgument) {
    error = {ErrorCode::Internal, error.message + ": is it entrepot?"};
  }
  return error;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                       (letter >= '0' && letter <= '9') ||
                       std::string_view("-._~").find(letter) != std::string_view::npos;
    if (plain) {
      out += letter;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
    }
  }
  return out;
}

Error error_of(const http::client::Response& answer, const Server& server) {
  std::string detail = printable(detail_of(answer.body));
  ErrorCode code = code_of(answer.status);
  if (detail.empty()) {
    // Of what is there, a page of somebody else's says nothing.
    if (code == ErrorCode::NotFound || code == ErrorCode::InvalidArgument) {
      code = ErrorCode::Internal;
    }
    detail = fmt::format("{} answers {}: is it entrepot?", server.url, answer.status);
  }
  if (answer.status == 401 && !server.user.empty()) {
    detail += fmt::format(" (entrepot login {})", server.url);
  }
  if (const auto id = answer.header("X-Request-Id"); id && answer.status >= 500) {
    detail += fmt::format(" (request {})", printable(*id));
  }
  return {code, std::move(detail)};
}

Result<std::unique_ptr<Api>> Api::open(Server server) {
  http::client::Options options;
  options.most_body_bytes = 16u << 20;
  TRY_ASSIGN(auto client, http::client::Client::make(std::move(options)));
  return std::unique_ptr<Api>(new Api(std::move(server), std::move(client)));
}

Result<http::client::Response> Api::exchange(std::string_view method, std::string_view path,
                                             http::client::Headers headers, std::string body) {
  if (!server_.header_name.empty()) headers.emplace_back(server_.header_name, server_.header_value);
  headers.emplace_back("Accept", "application/json");
  const bool is_typed = std::any_of(headers.begin(), headers.end(), [](const auto& header) {
    return header.first == "Content-Type";
  });
  if (!body.empty() && !is_typed) headers.emplace_back("Content-Type", "application/json");
  // Without it a cookie changes nothing: no page of others can send it.
  headers.emplace_back("Entrepot-Page", "1");
  return client_->send(context_, {.method = std::string(method),
                                  .url = fmt::format("{}/api/v1{}", server_.url, path),
                                  .headers = std::move(headers),
                                  .body = std::move(body)});
}

Result<std::string> Api::ask(std::string_view method, std::string_view path, std::string body) {
  TRY_ASSIGN(auto answer, exchange(method, path, {}, std::move(body)));
  if (answer.status < 200 || answer.status > 299) return Failure(error_of(answer, server_));
  return std::move(answer.body);
}

Result<json::Document> Api::get(std::string_view path) {
  TRY_ASSIGN(const std::string body, ask("GET", path));
  return read_answer(body);
}

Result<std::optional<std::string>> Api::page(std::string_view path, std::string_view after,
                                             std::size_t limit, const Visit& visit) {
  std::string asked = fmt::format("{}{}limit={}", path,
                                  path.find('?') == std::string_view::npos ? '?' : '&', limit);
  if (!after.empty()) asked += "&after=" + escaped(after);
  TRY_ASSIGN(const auto answer, get(asked));
  const auto read = [&]() -> Result<std::optional<std::string>> {
    constexpr json::Names<2> kNames = {"items", "next"};
    TRY_ASSIGN(const auto fields, answer.root().fields(kNames));
    TRY(fields.require({0}));
    TRY(fields.find(0)->each_element("a list", visit));
    std::string next;
    TRY(fields.read(1, next));
    return next.empty() ? std::nullopt : std::optional(std::move(next));
  };
  auto next = read();
  if (!next) return Failure(error_of_answer(std::move(next).error()));
  return next;
}

Result<void> Api::each(std::string_view path, const Visit& visit) {
  std::optional<std::string> after = "";
  for (std::size_t pages = 0; after; ++pages) {
    if (pages == kMostPages) {
      return fail(ErrorCode::TooLarge, "{}{} has no end", server_.url, path);
    }
    TRY_ASSIGN(after, page(path, *after, kLargestPage, visit));
  }
  return {};
}

}  // namespace entrepot::cli
