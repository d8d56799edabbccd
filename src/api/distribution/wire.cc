#include "api/distribution/wire.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "json/writer.h"

namespace entrepot::api::distribution {
namespace {

struct Wire {
  int status;
  std::string_view code;
};

// The spec has no code for a full disk, a busy server, a fault or a precondition; the names are
// ours, or distribution's where it has one.
constexpr Wire kFull = {507, "INSUFFICIENT_STORAGE"};
constexpr Wire kBusy = {503, "UNAVAILABLE"};
constexpr Wire kFault = {500, "UNKNOWN"};

Wire not_found(About about) {
  switch (about) {
    case About::Registry:
    case About::Digest:
    case About::Page:
    case About::Repository:
      return {404, "NAME_UNKNOWN"};
    case About::Tag:
    case About::Manifest:
      return {404, "MANIFEST_UNKNOWN"};
    case About::Blob:
      return {404, "BLOB_UNKNOWN"};
    case About::Upload:
      return {404, "BLOB_UPLOAD_UNKNOWN"};
  }
  return kFault;
}

Wire invalid(About about) {
  switch (about) {
    case About::Registry:
      return {400, "UNSUPPORTED"};
    case About::Repository:
      return {400, "NAME_INVALID"};
    case About::Tag:
      return {400, "TAG_INVALID"};
    case About::Manifest:
      return {400, "MANIFEST_INVALID"};
    case About::Digest:
    case About::Blob:
      return {400, "DIGEST_INVALID"};
    case About::Upload:
      return {400, "BLOB_UPLOAD_INVALID"};
    case About::Page:
      return {400, "PAGINATION_NUMBER_INVALID"};
  }
  return kFault;
}

Wire wire_of(ErrorCode code, About about) {
  switch (code) {
    case ErrorCode::NotFound:
      return not_found(about);
    case ErrorCode::MissingReference:
      return {404, "MANIFEST_BLOB_UNKNOWN"};
    case ErrorCode::InvalidArgument:
      return invalid(about);
    case ErrorCode::DigestMismatch:
      return {400, "DIGEST_INVALID"};
    case ErrorCode::Unauthenticated:
      return {401, "UNAUTHORIZED"};
    case ErrorCode::Denied:
      return {403, "DENIED"};
    case ErrorCode::TooLarge:
      return {413, about == About::Manifest ? "MANIFEST_INVALID" : "SIZE_INVALID"};
    case ErrorCode::OutOfRange:
      return {416, "RANGE_INVALID"};
    case ErrorCode::Unsupported:
      return about == About::Manifest ? Wire{400, "MANIFEST_INVALID"}
             : about == About::Digest ? Wire{400, "DIGEST_INVALID"}
                                      : Wire{405, "UNSUPPORTED"};
    case ErrorCode::Conflict:
      return about == About::Blob ? Wire{405, "UNSUPPORTED"} : Wire{409, "DENIED"};
    case ErrorCode::PreconditionFailed:
      return {412, "PRECONDITION_FAILED"};
    case ErrorCode::AlreadyExists:
      return {409, "DENIED"};
    case ErrorCode::QuotaExceeded:
      return {403, "DENIED"};
    case ErrorCode::RateLimited:
      return {429, "TOOMANYREQUESTS"};
    case ErrorCode::StorageFull:
      return kFull;
    case ErrorCode::Unavailable:
    case ErrorCode::Timeout:
      return kBusy;
    case ErrorCode::Cancelled:
      return {400, "BLOB_UPLOAD_INVALID"};
    // Damaged bytes are never served; for the client they are not there, and a push brings them
    // back.
    case ErrorCode::Corrupt:
      return not_found(about);
    case ErrorCode::Internal:
      return kFault;
  }
  return kFault;
}

// What distribution says for each of its codes. Clients, and the suites of clients, look for these
// words in our messages as they do in its.
constexpr std::pair<std::string_view, std::string_view> kWords[] = {
    {"BLOB_UNKNOWN", "blob unknown to registry"},
    {"BLOB_UPLOAD_INVALID", "blob upload invalid"},
    {"BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry"},
    {"DENIED", "requested access to the resource is denied"},
    {"DIGEST_INVALID", "provided digest did not match uploaded content"},
    {"MANIFEST_BLOB_UNKNOWN", "blob unknown to registry"},
    {"MANIFEST_INVALID", "manifest invalid"},
    {"MANIFEST_UNKNOWN", "manifest unknown"},
    {"NAME_INVALID", "invalid repository name"},
    {"NAME_UNKNOWN", "repository name not known to registry"},
    {"PAGINATION_NUMBER_INVALID", "invalid number of results requested"},
    {"RANGE_INVALID", "invalid content range"},
    {"SIZE_INVALID", "provided length did not match content length"},
    {"TAG_INVALID", "manifest tag did not match URI"},
    {"TOOMANYREQUESTS", "too many requests"},
    {"UNAUTHORIZED", "authentication required"},
    {"UNAVAILABLE", "service unavailable"},
    {"UNKNOWN", "unknown error"},
    {"UNSUPPORTED", "The operation is unsupported."},
};

// "manifest unknown: a has no tag v1"; a code of ours has no words in front.
std::string message_of(std::string_view code, std::string_view ours) {
  for (const auto& [known, words] : kWords) {
    if (known == code) return fmt::format("{}{} {}", words, words.ends_with('.') ? "" : ":", ours);
  }
  return std::string(ours);
}

}  // namespace

http::Response error_response(int status, std::string_view code, std::string_view message) {
  Bytes body;
  json::Writer json(body);
  json.begin_object().key("errors").begin_array().begin_object();
  json.member("code", code).member("message", message_of(code, message));
  json.end_object().end_array().end_object().end_line();
  auto response = http::Response::text(status, "application/json", std::move(body));
  if (status == 503) response.with("Retry-After", "5");
  return response;
}

http::Response refusal_response(const http::Refusal& refusal) {
  const std::string_view code = refusal.status == 503   ? "UNAVAILABLE"
                                : refusal.status == 413 ? "SIZE_INVALID"
                                                        : "UNSUPPORTED";
  return error_response(refusal.status, code, refusal.message);
}

http::Response too_slow(std::string_view code) {
  return error_response(408, code, "the body came too slowly; what came of a chunk is kept");
}

http::Response to_response(const Error& error, About about, std::string_view request_id) {
  const Wire wire = wire_of(error.code, about);
  const bool ours = wire.status >= 500 || error.code == ErrorCode::Corrupt;
  if (!ours) return error_response(wire.status, wire.code, error.message);
  log::error("request {}: {}", request_id, error);
  std::string_view public_message = "something is wrong in this server; its log tells more";
  if (wire.status == 503) public_message = "the store cannot be reached now; try again later";
  if (wire.status == 507) public_message = "the registry's disk is full";
  if (error.code == ErrorCode::Corrupt) public_message = "its bytes are damaged; push it again";
  return error_response(wire.status, wire.code, public_message);
}

}  // namespace entrepot::api::distribution
