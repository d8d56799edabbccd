#include "remote/internal/asker.h"

#include <utility>

#include "crypto/hash.h"
#include "http/message.h"
#include "remote/internal/redirect.h"
#include "remote/internal/token_service.h"

namespace entrepot::remote {
namespace {

using http::client::Response;

// Of an answer that is not wanted so much is read, so that its connection may stay.
constexpr std::size_t kUnwantedBytes = 64u << 10;
// A younger token has not run out, whatever it was answered.
constexpr std::chrono::seconds kYoungToken{5};

// Hands on a good answer, and drops any other.
class StepTaker final : public http::client::Taker {
 public:
  StepTaker(const Question& question, http::client::Taker& taker)
      : target_(question.target), taker_(taker), ranged_(has_range(question)) {}

  Result<void> head(const Response& head) override {
    head_ = head;
    good_ = head.status == 200 || (head.status == 206 && ranged_);
    if (!good_) return {};
    const auto encoding = head.header("Content-Encoding");
    if (encoding && !http::equals_ignoring_case(*encoding, "identity")) {
      ended_ = true;
      return fail(ErrorCode::Unavailable, "{}: the answer came encoded, though not asked to",
                  target_);
    }
    return ours(taker_.head(head));
  }
  Result<void> body(ByteView piece) override {
    if (good_) return ours(taker_.body(piece));
    dropped_bytes_ += piece.size();
    if (dropped_bytes_ <= kUnwantedBytes) return {};
    return fail(ErrorCode::Unavailable, "more than is wanted");
  }

  // The error is the taker's own, or about what is in the head: it says what it means.
  bool ended_it() const { return ended_; }
  // A head came that is all of the answer that counts.
  bool knows_enough() const { return head_ && !good_; }
  std::optional<Response>& head() { return head_; }

 private:
  static bool has_range(const Question& question) {
    for (const auto& [name, value] : question.headers) {
      if (name == "Range") return true;
    }
    return false;
  }
  Result<void> ours(Result<void> taken) {
    if (!taken) ended_ = true;
    return taken;
  }

  const std::string& target_;
  http::client::Taker& taker_;
  const bool ranged_;
  std::optional<Response> head_;
  bool good_ = false;
  bool ended_ = false;
  std::size_t dropped_bytes_ = 0;
};

class Dropper final : public http::client::Taker {
 public:
  Result<void> head(const Response&) override { return {}; }
  Result<void> body(ByteView) override { return {}; }
};

std::string basic(const Credentials& credentials) {
  if (credentials.username.empty() && credentials.password.empty()) return "";
  return "Basic " + crypto::to_base64(credentials.username + ":" + credentials.password);
}

http::client::Options client_options(const Server& server, const Options& options) {
  http::client::Options out;
  out.ca_file = server.ca_file;
  out.connect = options.connect;
  out.answer = options.head;
  out.silence = options.silence;
  out.most_body_bytes = 256u << 10;  // of a token
  return out;
}

}  // namespace

Asker::Asker(Server server, const Options& options, const Clock& clock, Address home)
    : server_(std::move(server)),
      clock_(clock),
      home_(std::move(home.origin)),
      authorization_(basic(server_.credentials)),
      pace_(clock),
      connections_(client_options(server_, options), options.most_connections, options.head),
      tokens_(
          [this](Context& context, http::client::Client& client, const Wanted& wanted) {
            return fetch_token(context, client, wanted, authorization_, pace_);
          },
          clock) {}

Result<std::unique_ptr<Asker>> Asker::make(Server server, Options options, const Clock& clock) {
  const auto address = parse_address(server.url);
  if (!address || address->target != "/" ||
      server.url.find_first_of("/?#", 8) < server.url.size()) {
    const bool secret = server.url.find('@') != std::string::npos;
    return fail(ErrorCode::InvalidArgument,
                "\"{}\" is no address of a registry, such as https://registry.example.com:5000: "
                "no user stands before host and port, and nothing behind",
                secret ? "…@…" : server.url);
  }
  if (options.most_connections == 0) {
    return fail(ErrorCode::InvalidArgument, "a registry needs a connection to be asked");
  }
  TRY(http::client::Client::make({}));  // is there libcurl?
  return std::unique_ptr<Asker>(new Asker(std::move(server), options, clock, *address));
}

Result<void> Asker::ask(Context& context, const Question& question, http::client::Taker& taker,
                        Trail& trail) {
  TRY(context.alive());
  TRY_ASSIGN(const auto lease, connections_.take(context));
  Walk walk{context, question, *lease, taker, trail, {home_, question.target}};
  for (int hops = 0; hops <= kMostRedirects; ++hops) {
    TRY_ASSIGN(const Response head, arrive(walk));
    const auto location = head.header("Location");
    if (!is_redirect(head.status) || !location) return judge(walk, head);
    TRY_ASSIGN(walk.at, redirected(walk.at, *location));
    // Whoever has left gets nothing of ours any more, wherever he is sent.
    trail.elsewhere = trail.elsewhere || walk.at.origin != home_;
  }
  return fail(ErrorCode::Unavailable, "{}{} redirects more than {} times", home_.text(),
              question.target, kMostRedirects);
}

// The answer at this address, with whatever it wants to be shown.
Result<Response> Asker::arrive(Walk& walk) {
  std::optional<Pass> pass;
  if (!walk.trail.elsewhere) {
    TRY_ASSIGN(pass, known_pass(walk));
  }
  TRY_ASSIGN(Response head, step(walk, pass));
  if (!is_refused(head, pass)) return head;
  TRY_ASSIGN(pass, new_pass(walk, head, pass));
  if (!pass) return head;
  return step(walk, pass);
}

Result<Response> Asker::step(Walk& walk, const std::optional<Pass>& pass) {
  http::client::Request request{
      .method = walk.question.method, .url = walk.at.text(), .headers = walk.question.headers};
  request.headers.emplace_back("Accept-Encoding", "identity");
  if (pass) request.headers.emplace_back("Authorization", pass->authorization);
  StepTaker taker(walk.question, walk.taker);
  walk.trail.status = 0;
  auto sent = walk.client.send(walk.context, request, taker);
  if (taker.head()) {
    walk.trail.status = taker.head()->status;
    if (!walk.trail.elsewhere) pace_.hear(*taker.head());
  }
  if (!sent && taker.ended_it()) return propagate(std::move(sent));
  if (!sent && !taker.knows_enough()) return trouble(walk, std::move(sent).error());
  TRY(walk.context.alive());
  if (!taker.head()) {
    return fail(ErrorCode::Unavailable, "{}: an answer without a head", home_.text());
  }
  return std::move(*taker.head());
}

// Of a connection. Where a redirect leads is told by its host alone.
Failure Asker::trouble(const Walk& walk, Error error) const {
  const bool called_off = error.code == ErrorCode::Timeout || error.code == ErrorCode::Cancelled;
  if (!called_off) error.code = ErrorCode::Unavailable;
  if (!walk.trail.elsewhere) return Failure(std::move(error));
  const std::string secret = walk.at.text();
  const std::string host = walk.at.origin.text();
  std::size_t at = 0;
  while ((at = error.message.find(secret, at)) != std::string::npos) {
    error.message.replace(at, secret.size(), host);
    at += host.size();
  }
  return Failure(
      std::move(error).within(fmt::format("{}{} redirects", home_.text(), walk.question.target)));
}

Result<void> Asker::judge(const Walk& walk, const Response& head) {
  if (head.status == 200 || head.status == 206) return {};
  const std::string url = home_.text() + walk.question.target;
  if (walk.trail.elsewhere) {
    return fail(ErrorCode::Unavailable, "{} redirects to {}, which answers {}", url,
                walk.at.origin.text(), head.status);
  }
  switch (head.status) {
    case 401:
      return fail(ErrorCode::Denied, "{}: {}", url,
                  has_credentials() ? "the credentials do not open it (401)"
                                    : "not for nobody in particular (401)");
    case 403:
      return fail(ErrorCode::Denied, "{}: refused (403)", url);
    case 404:
      return fail(ErrorCode::NotFound, "{}: not there", url);
    case 429:
      return fail(ErrorCode::RateLimited, "{} was asked too often (429)", home_.text());
    default:
      return fail(ErrorCode::Unavailable, "{} answers {}", url, head.status);
  }
}

// Is another pass worth a try? (ECR's public registry answers 400 to a token that has run out.)
bool Asker::is_refused(const Response& head, const std::optional<Pass>& pass) const {
  if (head.status == 401) return true;
  return head.status == 400 && pass && pass->token && pass->token->kept &&
         clock_.steady() - pass->token->since >= kYoungToken;
}

// What opened the registry last time.
Result<std::optional<Asker::Pass>> Asker::known_pass(Walk& walk) {
  const auto known = challenge();
  if (!known) return std::optional<Pass>();
  walk.trail.challenged = true;
  if (known->kind == Challenge::Kind::Bearer) {
    auto pass = token_pass(walk, *known, std::nullopt);
    if (!pass) forget(*known);  // the next one asks anew: its token service may have moved
    return pass;
  }
  if (!has_credentials()) return std::optional<Pass>();
  return std::optional<Pass>(Pass{.authorization = authorization_});
}

Result<std::optional<Asker::Pass>> Asker::new_pass(Walk& walk, const Response& head,
                                                   const std::optional<Pass>& old) {
  auto demanded = find_challenge(head.headers);
  if (walk.trail.elsewhere) {
    if (!demanded || demanded->kind != Challenge::Kind::Bearer) return std::optional<Pass>();
    return token_pass(walk, *demanded, old);
  }
  if (!demanded) demanded = challenge();
  if (!demanded) {
    TRY_ASSIGN(demanded, ask_for_challenge(walk));
  }
  if (!demanded) return std::optional<Pass>();
  walk.trail.challenged = true;
  if (demanded->kind == Challenge::Kind::Bearer) {
    auto pass = token_pass(walk, *demanded, old);
    if (pass) remember(*demanded);
    return pass;
  }
  remember(*demanded);
  const bool tried = old && !old->wanted;
  if (tried || !has_credentials()) return std::optional<Pass>();
  return std::optional<Pass>(Pass{.authorization = authorization_});
}

// A token for it; nothing when the last one was fresh already, so that another would do no better.
Result<std::optional<Asker::Pass>> Asker::token_pass(Walk& walk, const Challenge& challenge,
                                                     const std::optional<Pass>& old) {
  TRY_ASSIGN(Wanted wanted, wanted_of(walk, challenge));
  // Nobody in particular, for nothing in particular: many services have no such token.
  if (wanted.scope.empty() && !wanted.with_credentials) return std::optional<Pass>();
  const bool same = old && old->wanted == wanted && old->token;
  if (same && !old->token->kept) return std::optional<Pass>();
  const std::string_view refused = same ? std::string_view(old->token->text) : std::string_view();
  auto token = tokens_.get(walk.context, walk.client, wanted, refused);
  if (!token) {
    return walk.trail.elsewhere ? trouble(walk, std::move(token).error())
                                : propagate(std::move(token));
  }
  return std::optional<Pass>(
      Pass{.authorization = "Bearer " + token->text, .wanted = std::move(wanted), .token = *token});
}

// The registry's own scope is made of the repository's name, as docker does: the challenge of /v2/
// names none, or one that is not ours.
Result<Wanted> Asker::wanted_of(const Walk& walk, const Challenge& challenge) const {
  const auto realm = parse_address(challenge.realm);
  if (!realm) {
    return fail(ErrorCode::Unavailable, "the token service that {} names is {}",
                walk.at.origin.text(), realm.error().message);
  }
  if (walk.at.origin.tls && !realm->origin.tls) {
    return fail(ErrorCode::Unavailable, "{} has https, but its token service {} has not",
                walk.at.origin.text(), realm->origin.text());
  }
  Wanted wanted{.realm = realm->text(), .service = challenge.service};
  if (walk.trail.elsewhere) {
    wanted.scope = challenge.scope;
    return wanted;
  }
  wanted.scope = walk.question.scope;
  wanted.with_credentials = has_credentials();
  if (has_credentials() && !may_be_told(home_, realm->origin, server_.realm_hosts)) {
    return fail(ErrorCode::Denied,
                "{} sends to the token service {} of another domain, which is not told the "
                "credentials unless {} is listed for it",
                home_.text(), realm->origin.text(), realm->origin.host);
  }
  return wanted;
}

// Google's registries answer 401 without a word, but say it here.
Result<std::optional<Challenge>> Asker::ask_for_challenge(Walk& walk) {
  const Question start{.target = "/v2/"};
  Dropper dropper;
  Trail trail;
  Walk aside{walk.context, start, walk.client, dropper, trail, {home_, start.target}};
  TRY_ASSIGN(const Response head, step(aside, std::nullopt));
  return find_challenge(head.headers);
}

std::optional<Challenge> Asker::challenge() {
  const MutexLock lock(mutex_);
  return challenge_;
}

void Asker::forget(const Challenge& challenge) {
  const MutexLock lock(mutex_);
  if (challenge_ == challenge) challenge_.reset();
}

void Asker::remember(const Challenge& challenge) {
  const MutexLock lock(mutex_);
  challenge_ = challenge;
}

}  // namespace entrepot::remote
