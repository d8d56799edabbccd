#include "api/distribution/uploads.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/log.h"

namespace entrepot::api::distribution {

using registry::UploadSession;

namespace {

// What outlives the handler of an upload: enough to answer about it.
struct Answers {
  explicit Answers(const Call& call, UploadSession session_of_it)
      : base(call.url("")),
        session(std::move(session_of_it)),
        request(call.request),
        location(base + call.signer.path(session)) {}

  const std::string base;
  const UploadSession session;
  const http::Request& request;
  const std::string location;

  // Where the session stands. "0-0" also says that nothing is there yet, as distribution does.
  http::Response standing(int status, std::uint64_t offset_bytes) const {
    http::Response response;
    response.status = status;
    describe(response, offset_bytes);
    return response;
  }

  http::Response out_of_order(std::uint64_t offset_bytes) const {
    auto response = error_response(416, "RANGE_INVALID",
                                   fmt::format("the next byte to send is {}", offset_bytes));
    describe(response, offset_bytes);
    return response;
  }

  http::Response stored(const oci::Digest& digest) const {
    http::Response response;
    response.status = 201;
    const std::string text = digest.to_string();
    response
        .with("Location", fmt::format("{}/v2/{}/blobs/{}", base, session.repository.str(), text))
        .with("Docker-Content-Digest", text);
    return response;
  }

 private:
  void describe(http::Response& response, std::uint64_t offset_bytes) const {
    response.with("Location", location)
        .with("Docker-Upload-UUID", session.id.str())
        .with("Range", fmt::format("0-{}", offset_bytes == 0 ? 0 : offset_bytes - 1));
  }
};

// Takes one request's bytes into a session: a chunk, the closing PUT, or a whole blob.
class UploadBody final : public http::BodySink {
 public:
  enum class Kind { Chunk, Closing, Whole };

  UploadBody(const Call& call, UploadSession session, Kind kind,
             std::unique_ptr<blob::Upload> upload, std::optional<oci::Digest> digest)
      : services_(call.services),
        subject_(call.subject),
        answers_(call, std::move(session)),
        kind_(kind),
        upload_(std::move(upload)),
        digest_(std::move(digest)) {}

  // Where the session must stand behind the body: Content-Range said so.
  void expect_end(std::uint64_t offset_bytes) { end_bytes_ = offset_bytes; }

  Result<void> write(Context& context, ByteView piece) override {
    return upload_->write(context, piece);
  }

  http::Response finish(Context& context) override {
    if (end_bytes_ && upload_->offset_bytes() != *end_bytes_) {
      const std::uint64_t reached = upload_->offset_bytes();
      if (kind_ == Kind::Whole) drop(context);
      upload_.reset();  // goes back to where it began
      return error_response(400, "SIZE_INVALID",
                            fmt::format("Content-Range ends before byte {}, the body before {}",
                                        *end_bytes_, reached));
    }
    if (kind_ == Kind::Chunk) {
      const std::uint64_t offset = upload_->offset_bytes();
      if (const auto paused = upload_->pause(context); !paused) return refusal(paused.error());
      return answers_.standing(202, offset);
    }
    const auto stored =
        services_.uploads.commit(context, subject_, answers_.session, *upload_, *digest_);
    if (stored) return answers_.stored(*digest_);
    if (kind_ == Kind::Whole) drop(context);
    return refusal(stored.error());
  }

  http::Response failed(Context& context, const Error& error) override {
    if (kind_ == Kind::Whole) drop(context);
    if (error.code == ErrorCode::Timeout) return too_slow("BLOB_UPLOAD_INVALID");
    return refusal(error);
  }

 private:
  http::Response refusal(const Error& error) const {
    return to_response(error, About::Upload, answers_.request.id());
  }

  // Nobody can go on with a session whose location was never told.
  void drop(Context& context) {
    upload_.reset();
    static_cast<void>(services_.uploads.cancel(context, answers_.session).has_value());
  }

  const Services& services_;
  const access::Subject subject_;
  const Answers answers_;
  const Kind kind_;
  std::unique_ptr<blob::Upload> upload_;
  const std::optional<oci::Digest> digest_;
  std::optional<std::uint64_t> end_bytes_;
};

// Takes a closing PUT that was sent again after it had succeeded, and leaves its bytes.
class RepeatedBody final : public http::BodySink {
 public:
  RepeatedBody(const Call& call, UploadSession session, const oci::Digest& digest)
      : answers_(call, std::move(session)), digest_(digest) {}

  Result<void> write(Context& /*context*/, ByteView /*piece*/) override { return {}; }
  http::Response finish(Context& /*context*/) override { return answers_.stored(digest_); }
  http::Response failed(Context& /*context*/, const Error& error) override {
    return to_response(error, About::Upload, answers_.request.id());
  }

 private:
  const Answers answers_;
  const oci::Digest digest_;
};

// "0-99", as the spec has it: no unit, inclusive.
Result<ByteRange> parse_content_range(std::string_view text) {
  ByteRange range;
  std::uint64_t last = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, range.offset_bytes);
  const bool dash = first.ec == std::errc() && first.ptr != end && *first.ptr == '-';
  const auto second = dash ? std::from_chars(first.ptr + 1, end, last) : first;
  if (!dash || second.ec != std::errc() || second.ptr != end || last < range.offset_bytes) {
    return fail(ErrorCode::InvalidArgument,
                "Content-Range of a chunk is written <first>-<last>, such as 0-99");
  }
  range.length_bytes = last - range.offset_bytes + 1;
  return range;
}

Result<UploadSession> session_of(const Call& call, const oci::RepositoryName& repository) {
  return call.signer.read(repository, call.subject, call.rest,
                          call.request.parameter("_state").value_or(""));
}

// How many bytes the request brings; nullopt when only its end will tell (chunked).
std::optional<std::uint64_t> body_bytes(const http::Request& request) {
  const auto length = request.content_length_bytes();
  return length || request.has_body() ? length : 0;
}

// A closing PUT without a body may repeat where the bytes stand that were sent before: "0-99", or
// the last chunk's "50-99"; "0-0" is also what an empty session is told.
bool says_what_is_there(const ByteRange& range, std::uint64_t offset_bytes) {
  return range.end_bytes() == offset_bytes || (offset_bytes == 0 && range.end_bytes() == 1);
}

// Begins to take the bytes of a chunk or closing PUT, if they are the next ones. Errors are about
// the upload.
Result<http::Reply> take(Context& context, const Call& call, const UploadSession& session,
                         UploadBody::Kind kind, std::optional<oci::Digest> digest) {
  std::optional<ByteRange> range;
  const auto length = body_bytes(call.request);
  if (const auto text = call.request.header("Content-Range")) {
    TRY_ASSIGN(range, parse_content_range(*text));
    const bool only_closes = kind == UploadBody::Kind::Closing && length == 0;
    if (length && *length != range->length_bytes && !only_closes) {
      return error_response(400, "SIZE_INVALID",
                            fmt::format("Content-Range speaks of {} bytes, Content-Length of {}",
                                        range->length_bytes, *length));
    }
    // Asked before open(): a chunk that is refused ends no other request.
    TRY_ASSIGN(const auto offset, call.services.uploads.offset(context, session));
    if (only_closes && says_what_is_there(*range, offset)) *range = {offset, 0};
    if (range->offset_bytes != offset) return Answers(call, session).out_of_order(offset);
  }
  // A chunk that breaks off is kept, to go on behind it. What closes the session is sent again as a
  // whole, and so is what may turn out to have another length than it said.
  const bool whole_or_nothing =
      kind == UploadBody::Kind::Closing ? length != 0 : (range && !length);
  TRY_ASSIGN(auto upload,
             call.services.uploads.open(context, session,
                                        whole_or_nothing ? registry::Uploads::Unfinished::Drop
                                                         : registry::Uploads::Unfinished::Keep));
  // A request that was being taken in may have come to its end meanwhile.
  const std::uint64_t offset = upload->offset_bytes();
  if (range && range->offset_bytes != offset) return Answers(call, session).out_of_order(offset);
  auto body =
      std::make_unique<UploadBody>(call, session, kind, std::move(upload), std::move(digest));
  if (range) body->expect_end(range->end_bytes());
  return http::Receive{std::move(body)};
}

http::Reply reply_of(const Call& call, Result<http::Reply> taken) {
  if (!taken) return call.error(taken.error(), About::Upload);
  return *std::move(taken);
}

// For a client that did not hear that its closing PUT succeeded, and sends it again: what takes it.
// NotFound when the session did not end with this digest, or when the blob is not there any more.
Result<std::unique_ptr<http::BodySink>> closed_before(Context& context, const Call& call,
                                                      const UploadSession& session,
                                                      const oci::Digest& digest) {
  TRY_ASSIGN(const auto ending, call.services.uploads.ending(context, session));
  if (ending.digest != digest) return fail(ErrorCode::NotFound, "it ended otherwise");
  TRY_ASSIGN(const auto blob, call.services.pull.blob(context, session.repository, digest));
  if (blob.review_is_near) {
    TRY(call.services.pull.keep_from_review(context, session.repository, digest));
  }
  return std::make_unique<RepeatedBody>(call, session, digest);
}

bool may_pull(Context& context, const Call& call, const oci::RepositoryName& from) {
  const Gate& gate = call.services.gate;
  const auto question = gate.question(call.request, call.subject, access::Action::Pull, from.str());
  if (const auto known = gate.policy().recall(question)) return known->allowed();
  const auto decided = gate.policy().decide(context, question);
  return decided && decided->allowed();
}

bool may_pull_everything(const Call& call) {
  const Gate& gate = call.services.gate;
  return gate.policy().allows_everywhere(
      gate.question(call.request, call.subject, access::Action::Pull, ""));
}

// Of the repositories that have the blob, one that the caller may pull from. What else has it makes
// no difference.
Result<std::optional<oci::RepositoryName>> readable_holder(Context& context, const Call& call,
                                                           const oci::Digest& digest) {
  TRY_ASSIGN(const auto holders, call.services.uploads.holders(context, digest));
  const Gate& gate = call.services.gate;
  const auto question = gate.question(call.request, call.subject, access::Action::Pull, "");
  TRY_ASSIGN(const auto may, gate.policy().allowed_among(context, question, holders));
  const auto first = std::find(may.begin(), may.end(), true);
  if (first == may.end()) return std::nullopt;
  return holders[static_cast<std::size_t>(first - may.begin())];
}

// Where a mount takes the blob from: what `from` names; nothing where everything may be looked at.
// NotFound: nowhere.
Result<std::optional<oci::RepositoryName>> source_of(Context& context, const Call& call,
                                                     const oci::Digest& digest) {
  if (const auto text = call.request.parameter("from"); text && !text->empty()) {
    auto from = oci::RepositoryName::parse(*text);
    if (from && may_pull(context, call, *from)) return std::optional(*std::move(from));
    return fail(ErrorCode::NotFound, "nothing there that may be pulled");
  }
  if (may_pull_everything(call)) return std::nullopt;
  TRY_ASSIGN(auto holder, readable_holder(context, call, digest));
  if (holder) return holder;
  return fail(ErrorCode::NotFound, "nowhere that may be pulled from");
}

// end-11. Nothing when the client has to upload after all: a mount saves it that, so whatever
// stands in its way is no reason to refuse the push.
std::optional<http::Response> mount(Context& context, const Call& call,
                                    const oci::RepositoryName& repository,
                                    const oci::Digest& digest) {
  const auto from = source_of(context, call, digest);
  const auto mounted =
      from ? call.services.uploads.mount(context, call.subject, repository, *from, digest)
           : Failure(from.error());
  if (!mounted) {
    if (mounted.error().code != ErrorCode::NotFound) {
      log::warning("request {}: a mount becomes an upload: {}", call.request.id(), mounted.error());
    }
    return std::nullopt;
  }
  const UploadSession none{repository, blob::UploadId::random(), {}, {}};
  return Answers(call, none).stored(digest);
}

UploadSession new_session(const Call& call, const oci::RepositoryName& repository,
                          oci::HashAlgorithm also) {
  UploadSession session = call.services.uploads.begin(repository, also);
  session.owner = call.subject;
  return session;
}

http::Response begin(const Call& call, const oci::RepositoryName& repository,
                     oci::HashAlgorithm also) {
  return Answers(call, new_session(call, repository, also)).standing(202, 0);
}

}  // namespace

http::Reply Uploads::start(Context& context, const Call& call) {
  const auto repository = call.repository();
  if (const auto text = call.request.parameter("mount")) {
    const auto digest = oci::Digest::parse(*text);
    if (!digest) return begin(call, repository, oci::HashAlgorithm::Sha256);
    if (auto mounted = mount(context, call, repository, *digest)) return *std::move(mounted);
    return begin(call, repository, digest->algorithm());
  }
  if (const auto text = call.request.parameter("digest")) {
    ENTREPOT_API_ASSIGN(const auto digest, oci::Digest::parse(*text), About::Digest);
    auto session = new_session(call, repository, digest.algorithm());
    session.is_told = false;
    return reply_of(call, take(context, call, session, UploadBody::Kind::Whole, digest));
  }
  auto also = oci::HashAlgorithm::Sha256;
  if (const auto name = call.request.parameter("digest-algorithm")) {
    ENTREPOT_API_ASSIGN(also, oci::parse_algorithm(*name), About::Digest);
  }
  return begin(call, repository, also);
}

std::optional<http::Response> Uploads::start_now(const Call& call) {
  if (!call.request.query().empty()) return std::nullopt;
  return begin(call, call.repository(), oci::HashAlgorithm::Sha256);
}

http::Reply Uploads::append(Context& context, const Call& call) {
  const auto repository = call.repository();
  ENTREPOT_API_ASSIGN(const auto session, session_of(call, repository), About::Upload);
  return reply_of(call, take(context, call, session, UploadBody::Kind::Chunk, std::nullopt));
}

http::Reply Uploads::close(Context& context, const Call& call) {
  const auto repository = call.repository();
  ENTREPOT_API_ASSIGN(const auto session, session_of(call, repository), About::Upload);
  ENTREPOT_API_ASSIGN(const auto digest,
                      oci::Digest::parse(call.request.parameter("digest").value_or("")),
                      About::Digest);
  auto reply = take(context, call, session, UploadBody::Kind::Closing, digest);
  if (!reply && reply.error().code == ErrorCode::NotFound) {
    auto again = closed_before(context, call, session, digest);
    if (again) return http::Receive{*std::move(again)};
    if (again.error().code != ErrorCode::NotFound) return call.error(again.error(), About::Upload);
  }
  return reply_of(call, std::move(reply));
}

http::Reply Uploads::status(Context& context, const Call& call) {
  const auto repository = call.repository();
  ENTREPOT_API_ASSIGN(const auto session, session_of(call, repository), About::Upload);
  ENTREPOT_API_ASSIGN(const auto offset, call.services.uploads.offset(context, session),
                      About::Upload);
  return Answers(call, session).standing(204, offset);
}

http::Reply Uploads::cancel(Context& context, const Call& call) {
  const auto repository = call.repository();
  ENTREPOT_API_ASSIGN(const auto session, session_of(call, repository), About::Upload);
  const auto cancelled = call.services.uploads.cancel(context, session);
  if (!cancelled) return call.error(cancelled.error(), About::Upload);
  http::Response response;
  response.status = 204;
  return response;
}

}  // namespace entrepot::api::distribution
