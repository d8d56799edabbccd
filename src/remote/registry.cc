#include "remote/registry.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "http/message.h"
#include "oci/manifest.h"
#include "oci/name.h"
#include "remote/internal/asker.h"
#include "remote/internal/pages.h"
#include "remote/internal/transfer.h"

namespace entrepot::remote {
namespace {

using http::client::Response;

constexpr std::size_t kMostTagsBytes = 8u << 20;  // of registries that know no pages
constexpr std::size_t kMostTagsAsked = 1000;      // some refuse more

// Keeps an answer, up to a limit.
class Collector final : public http::client::Taker {
 public:
  Collector(std::uint64_t most_bytes, Error past_it)
      : most_bytes_(most_bytes), past_it_(std::move(past_it)) {}

  Result<void> head(const Response& head) override {
    answer = head;
    if (content_length_of(head).value_or(0) > most_bytes_) return Failure(past_it_);
    return {};
  }
  Result<void> body(ByteView piece) override {
    if (answer.body.size() + piece.size() > most_bytes_) return Failure(past_it_);
    answer.body.append(piece);
    return {};
  }

  Response answer;

 private:
  const std::uint64_t most_bytes_;
  const Error past_it_;
};

// Keeps a head; its length may be that of a body which does not come.
class HeadKeeper final : public http::client::Taker {
 public:
  Result<void> head(const Response& head) override {
    answer = head;
    return {};
  }
  Result<void> body(ByteView piece) override {
    constexpr std::size_t kMostBytes = 64u << 10;
    dropped_bytes_ += piece.size();
    if (dropped_bytes_ <= kMostBytes) return {};
    return fail(ErrorCode::Unavailable,
                "the registry answers at length where little is to be said");
  }

  Response answer;

 private:
  std::size_t dropped_bytes_ = 0;
};

// All in one line: some servers read no other.
std::string all_types() {
  using namespace oci::media_type;  // NOLINT(google-build-using-namespace): four constants
  return fmt::format("{}, {}, {}, {}", kOciManifest, kOciIndex, kDockerManifest, kDockerList);
}

Result<void> check_name(std::string_view repository) {
  if (oci::RepositoryName::is_valid(repository)) return {};
  return fail(ErrorCode::InvalidArgument, "a repository's name that no registry has");
}

std::string type_of(const Response& answer) {
  std::string_view type = answer.header("Content-Type").value_or("");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return std::string(type);
}

// A page for people, of a proxy or a hotel, with a status that says that all is well.
bool is_page(const Response& answer) {
  const std::string type = type_of(answer);
  return http::equals_ignoring_case(type, "text/html") ||
         http::equals_ignoring_case(type, "application/xhtml+xml");
}

bool is_json_object(std::string_view bytes) {
  bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
  return bytes.starts_with('{');
}

class HttpRegistry final : public Registry {
 public:
  HttpRegistry(std::unique_ptr<Asker> asker, std::chrono::milliseconds pause)
      : asker_(std::move(asker)), pause_(pause) {}

  Result<ManifestHead> head_manifest(Context& context, std::string_view repository,
                                     std::string_view reference) override;
  Result<Manifest> manifest(Context& context, std::string_view repository,
                            std::string_view reference) override;
  Result<std::uint64_t> blob_size(Context& context, std::string_view repository,
                                  const oci::Digest& digest) override;
  Result<void> blob(Context& context, std::string_view repository, const oci::Digest& digest,
                    BlobTaker& taker) override;
  Result<NamePage> tags(Context& context, std::string_view repository, std::string_view after,
                        std::size_t limit) override;
  Result<std::vector<oci::Descriptor>> referrers(Context& context, std::string_view repository,
                                                 const oci::Digest& subject) override;
  Result<void> ping(Context& context) override;

  std::optional<SteadyTime> rests_until() const override { return asker_->pace().rests_until(); }
  std::optional<std::uint64_t> pulls_left() const override { return asker_->pace().pulls_left(); }

 private:
  Result<Question> question_for(std::string_view method, std::string_view repository,
                                std::string_view behind) const;
  Result<Question> manifest_question(std::string_view method, std::string_view repository,
                                     std::string_view reference) const;
  Failure not_a_manifest(const Question& question) const;
  Result<void> check_digest(const Question& question, const Response& answer,
                            const oci::Digest& digest) const;
  Result<Bytes> referrers_index(Context& context, std::string_view repository,
                                const oci::Digest& subject);

  const std::unique_ptr<Asker> asker_;
  const std::chrono::milliseconds pause_;
  NextPages next_pages_;
};

Result<Question> HttpRegistry::question_for(std::string_view method, std::string_view repository,
                                            std::string_view behind) const {
  TRY(check_name(repository));
  return Question{.method = std::string(method),
                  .target = fmt::format("/v2/{}/{}", repository, behind),
                  .scope = fmt::format("repository:{}:pull", repository)};
}

Result<Question> HttpRegistry::manifest_question(std::string_view method,
                                                 std::string_view repository,
                                                 std::string_view reference) const {
  TRY(oci::parse_reference(reference));
  TRY_ASSIGN(Question question,
             question_for(method, repository, fmt::format("manifests/{}", reference)));
  question.headers.emplace_back("Accept", all_types());
  return question;
}

Failure HttpRegistry::not_a_manifest(const Question& question) const {
  return fail(ErrorCode::Unavailable, "{}{} is answered with no manifest", asker_->home().text(),
              question.target);
}

Result<ManifestHead> HttpRegistry::head_manifest(Context& context, std::string_view repository,
                                                 std::string_view reference) {
  TRY_ASSIGN(const Question question, manifest_question("HEAD", repository, reference));
  HeadKeeper keeper;
  Trail trail;
  const auto asked = asker_->ask(context, question, keeper, trail);
  if (!asked && trail.status == 405 && !trail.elsewhere) {  // one that knows no HEAD
    TRY_ASSIGN(Manifest whole, manifest(context, repository, reference));
    return ManifestHead{.digest = whole.digest, .media_type = std::move(whole.media_type)};
  }
  TRY(asked);
  if (is_page(keeper.answer)) return not_a_manifest(question);
  asker_->pace().hear_of_pull(keeper.answer);
  ManifestHead head{.digest = std::nullopt, .media_type = type_of(keeper.answer)};
  if (const auto told = keeper.answer.header("Docker-Content-Digest")) {
    if (auto digest = oci::Digest::parse(*told)) head.digest = *digest;
  }
  return head;
}

Result<Manifest> HttpRegistry::manifest(Context& context, std::string_view repository,
                                        std::string_view reference) {
  TRY_ASSIGN(const Question question, manifest_question("GET", repository, reference));
  Collector collector(
      oci::kMaxManifestBytes,
      {ErrorCode::TooLarge, fmt::format("{}{} has more than {} bytes", asker_->home().text(),
                                        question.target, oci::kMaxManifestBytes)});
  Trail trail;
  TRY(asker_->ask(context, question, collector, trail));
  Response& answer = collector.answer;
  if (is_page(answer) || !is_json_object(answer.body)) return not_a_manifest(question);
  asker_->pace().hear_of_pull(answer);

  const auto wanted = oci::Digest::parse(reference);
  const auto algorithm = wanted ? wanted->algorithm() : oci::HashAlgorithm::Sha256;
  const auto digest = oci::Digest::of(answer.body, algorithm);
  if (wanted && digest != *wanted) {
    return fail(ErrorCode::Corrupt, "{}{} is answered with other bytes", asker_->home().text(),
                question.target);
  }
  if (!wanted) TRY(check_digest(question, answer, digest));
  return Manifest{.digest = digest, .media_type = type_of(answer), .bytes = std::move(answer.body)};
}

// A registry knows what it sends: what is something else was changed on the way.
Result<void> HttpRegistry::check_digest(const Question& question, const Response& answer,
                                        const oci::Digest& digest) const {
  const auto told = oci::Digest::parse(answer.header("Docker-Content-Digest").value_or(""));
  // That of schema 1 is made without its signatures.
  if (!told || oci::media_type::is_schema1(type_of(answer))) return {};
  const bool right = told->algorithm() == digest.algorithm()
                         ? *told == digest
                         : *told == oci::Digest::of(answer.body, told->algorithm());
  if (right) return {};
  return fail(ErrorCode::Unavailable, "{}{} is answered with other bytes than its digest tells",
              asker_->home().text(), question.target);
}

Result<std::uint64_t> HttpRegistry::blob_size(Context& context, std::string_view repository,
                                              const oci::Digest& digest) {
  TRY_ASSIGN(const Question question,
             question_for("HEAD", repository, fmt::format("blobs/{}", digest.to_string())));
  HeadKeeper keeper;
  Trail trail;
  TRY(asker_->ask(context, question, keeper, trail));
  const auto length = content_length_of(keeper.answer);
  if (length) return *length;
  return fail(ErrorCode::Unavailable, "{}{}: the registry does not tell its length",
              asker_->home().text(), question.target);
}

Result<void> HttpRegistry::blob(Context& context, std::string_view repository,
                                const oci::Digest& digest, BlobTaker& taker) {
  TRY_ASSIGN(Question question,
             question_for("GET", repository, fmt::format("blobs/{}", digest.to_string())));
  return transfer(context, *asker_, std::move(question), pause_, taker);
}

Result<NamePage> HttpRegistry::tags(Context& context, std::string_view repository,
                                    std::string_view after, std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kMostTagsAsked);
  std::string query = fmt::format("?n={}", limit);
  if (!after.empty()) query += "&last=" + escaped(after);
  TRY_ASSIGN(Question question, question_for("GET", repository, "tags/list" + query));
  if (const auto known = next_pages_.find(repository, after)) question.target = *known;
  question.headers.emplace_back("Accept", "application/json");
  Collector collector(kMostTagsBytes,
                      {ErrorCode::Unavailable,
                       fmt::format("{}{}: the list is longer than {} bytes", asker_->home().text(),
                                   question.target, kMostTagsBytes)});
  Trail trail;
  TRY(asker_->ask(context, question, collector, trail));
  auto names = parse_tags(collector.answer.body);
  if (!names) {
    return fail(ErrorCode::Unavailable, "{}{}: {}", asker_->home().text(), question.target,
                names.error().message);
  }
  NamePage page{.names = *std::move(names)};
  // Some give all of it at any time.
  const auto known = std::find(page.names.begin(), page.names.end(), after);
  if (known != page.names.end()) page.names.erase(page.names.begin(), known + 1);
  const bool cut = page.names.size() > limit;
  if (cut) page.names.resize(limit);
  const auto link = collector.answer.header("Link");
  auto next = link ? next_target(*link, asker_->home()) : std::nullopt;
  page.more = !page.names.empty() && (cut || next);
  if (page.more && !cut) next_pages_.remember(repository, page.names.back(), *std::move(next));
  return page;
}

// The index of them, by the API or under the fallback tag.
Result<Bytes> HttpRegistry::referrers_index(Context& context, std::string_view repository,
                                            const oci::Digest& subject) {
  TRY_ASSIGN(Question question,
             question_for("GET", repository, fmt::format("referrers/{}", subject.to_string())));
  question.headers.emplace_back("Accept", std::string(oci::media_type::kOciIndex));
  Collector collector(
      oci::kMaxManifestBytes,
      {ErrorCode::Unavailable,
       fmt::format("{}{}: the list is too long", asker_->home().text(), question.target)});
  Trail trail;
  const auto asked = asker_->ask(context, question, collector, trail);
  if (asked) return std::move(collector.answer.body);
  const bool knows_none =
      !trail.elsewhere && (trail.status == 404 || trail.status == 400 || trail.status == 405);
  if (!knows_none) return Failure(asked.error());
  TRY_ASSIGN(Manifest index, manifest(context, repository, oci::referrers_tag(subject)));
  return std::move(index.bytes);
}

Result<std::vector<oci::Descriptor>> HttpRegistry::referrers(Context& context,
                                                             std::string_view repository,
                                                             const oci::Digest& subject) {
  TRY_ASSIGN(const auto index, if_there(referrers_index(context, repository, subject)));
  if (!index) return std::vector<oci::Descriptor>();
  auto parsed = oci::parse_manifest(*index, oci::media_type::kOciIndex);
  if (!parsed) {
    return fail(ErrorCode::Unavailable, "{}: what refers to {} is told in no form we know: {}",
                asker_->home().text(), subject.to_string(), parsed.error().message);
  }
  return std::move(parsed->manifests);
}

Result<void> HttpRegistry::ping(Context& context) {
  HeadKeeper keeper;
  const Question question{.target = "/v2/"};
  Trail trail;
  auto asked = asker_->ask(context, question, keeper, trail);
  if (asked && !is_page(keeper.answer)) return asked;
  if (asked) {
    return fail(ErrorCode::Unavailable, "{} is no registry: it answers with a page for people",
                asker_->home().text());
  }
  // Without credentials there is no more to know of one that wants some.
  const bool there = asked.error().code == ErrorCode::Denied && trail.challenged;
  if (there && !asker_->has_credentials()) return {};
  if (asked.error().code == ErrorCode::NotFound) {
    return fail(ErrorCode::Unavailable, "{} is no registry: it answers 404 to /v2/",
                asker_->home().text());
  }
  return asked;
}

}  // namespace

Result<std::unique_ptr<Registry>> Registry::make(Server server, Options options,
                                                 const Clock& clock) {
  TRY_ASSIGN(auto asker, Asker::make(std::move(server), options, clock));
  return std::unique_ptr<Registry>(new HttpRegistry(std::move(asker), options.pause));
}

}  // namespace entrepot::remote
