#include "remote/internal/tokens.h"

#include <algorithm>

#include "json/reader.h"

namespace entrepot::remote {
namespace {

using std::chrono::seconds;

// A context cannot wake anybody: it is looked at so often.
constexpr std::chrono::milliseconds kLook{100};
constexpr std::size_t kMostTokenBytes = 32u << 10;

bool may_stand_in_header(std::string_view token) {
  return !token.empty() && token.size() <= kMostTokenBytes &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

Result<Fetched> parse_token(std::string_view body) {
  constexpr json::Names<3> kNames = {"token", "access_token", "expires_in"};
  constexpr std::uint64_t kDay = 24 * 3600;
  TRY_ASSIGN(const auto document, json::Document::parse(body, "token"));
  TRY_ASSIGN(const auto fields, document.root().fields(kNames));
  Fetched fetched;
  TRY(fields.read(0, fetched.text));
  if (fetched.text.empty()) TRY(fields.read(1, fetched.text));
  if (!may_stand_in_header(fetched.text)) {
    return fail(ErrorCode::InvalidArgument, "token: there is none that a header can hold");
  }
  if (const auto life = fields.find(2)) {
    // 0, and what is no number, tell nothing.
    const std::uint64_t told = life->as<std::uint64_t>().value_or(0);
    if (told > 0) fetched.life = seconds(std::min(told, kDay));
  }
  return fetched;
}

// One fetch of an entry, which is over at the end of the scope, whatever happens in it.
class Tokens::Fetching {
 public:
  Fetching(Tokens& tokens, Entry& entry) : tokens_(tokens), entry_(entry) {}
  ~Fetching() {
    const MutexLock lock(tokens_.mutex_);
    entry_.fetching = false;
    tokens_.changed_.notify_all();
  }
  Fetching(const Fetching&) = delete;
  Fetching& operator=(const Fetching&) = delete;

  void end(Context& context, const Result<Fetched>& fetched, SteadyTime since) {
    const MutexLock lock(tokens_.mutex_);
    // Who was called off says nothing of the token service.
    if (!fetched && !context.alive()) return;
    ++entry_.rounds;
    entry_.failed.reset();
    if (fetched) {
      entry_.text = fetched->text;
      entry_.since = since;
      entry_.until = since + std::chrono::milliseconds(fetched->life) * 4 / 5;
    } else {
      entry_.failed = fetched.error();
    }
  }

 private:
  Tokens& tokens_;
  Entry& entry_;
};

std::optional<Token> Tokens::find(Entry& entry, std::string_view refused) {
  if (!entry.text.empty() && (entry.text == refused || entry.until <= clock_.steady())) {
    entry.text.clear();
  }
  if (entry.text.empty()) return std::nullopt;
  return Token{.text = entry.text, .since = entry.since, .kept = true};
}

// Until a fetch of somebody else ends; its error, if it failed.
Result<void> Tokens::wait(Context& context, Entry& entry) {
  const std::uint64_t round = entry.rounds;
  ++entry.waiting;  // so that it stays
  Result<void> alive;
  while (entry.fetching && alive) {
    changed_.wait_for(mutex_, kLook);
    alive = context.alive();
  }
  --entry.waiting;
  TRY(alive);
  if (entry.rounds != round && entry.failed) return Failure(*entry.failed);
  return {};
}

// Elements of a map stay where they are while others come and go.
void Tokens::make_room() {
  if (entries_.size() < kMost) return;
  auto first = entries_.end();
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    if (at->second.fetching || at->second.waiting > 0) continue;
    if (first == entries_.end() || at->second.until < first->second.until) first = at;
  }
  if (first != entries_.end()) entries_.erase(first);
}

Result<Token> Tokens::get(Context& context, http::client::Client& client, const Wanted& wanted,
                          std::string_view refused) {
  MutexLock lock(mutex_);
  auto at = entries_.find(wanted);
  if (at == entries_.end()) {
    make_room();
    at = entries_.emplace(wanted, Entry{}).first;
  }
  Entry& entry = at->second;
  bool waited = false;
  while (true) {
    if (auto token = find(entry, refused)) {
      token->kept = !waited;
      return *std::move(token);
    }
    if (!entry.fetching) break;
    waited = true;
    TRY(wait(context, entry));
  }
  entry.fetching = true;
  lock.unlock();
  Fetching fetching(*this, entry);
  const SteadyTime since = clock_.steady();
  auto fetched = fetch_(context, client, wanted);
  fetching.end(context, fetched, since);
  if (!fetched) return propagate(std::move(fetched));
  return Token{.text = std::move(fetched->text), .since = since, .kept = false};
}

}  // namespace entrepot::remote
