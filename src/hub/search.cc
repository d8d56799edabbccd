#include "hub/search.h"

#include <algorithm>
#include <map>
#include <set>

namespace entrepot::hub {
namespace {

constexpr std::size_t kAtOnce = 1000;

// Names that are read in order, by one index.
struct Stream {
  meta::NameRange range;
  bool is_certain = false;  // what is in it may be seen; it is there for many, and counted
};

// No range lies within another.
std::vector<Stream> streams_of(const access::Reach& reach) {
  using meta::Visibility;
  if (reach.everything) return {{{}, reach.is_certain}};
  std::vector<Stream> streams;
  if (reach.is_public) streams.push_back({{Visibility::Public, ""}, reach.is_certain});
  if (reach.is_internal) streams.push_back({{Visibility::Internal, ""}, reach.is_certain});
  std::vector<std::string> beginnings = reach.beginnings;
  std::sort(beginnings.begin(), beginnings.end());
  const std::string* last = nullptr;
  for (const std::string& beginning : beginnings) {
    if (last != nullptr && beginning.starts_with(*last)) continue;
    last = &beginning;
    streams.push_back({{std::nullopt, beginning}, false});
  }
  return streams;
}

// The last text before a name, behind all names before it.
std::string just_before(std::string name) {
  if (name.empty()) return name;
  name.back() = static_cast<char>(name.back() - 1);
  return name += '~';
}

// What of the streams' next names fits the text.
struct Chunk {
  struct Found {
    Match match;
    bool is_certain = false;
  };
  std::map<std::string, Found, std::less<>> found;  // by name
  std::vector<std::string> certain;                 // names that count, ascending
  std::optional<std::string> end;                   // the last name; nothing: no more follow
};

Result<Chunk> read_chunk(const meta::Snapshot& snapshot, const std::vector<Stream>& streams,
                         std::string_view after, std::string_view text) {
  Chunk chunk;
  for (const Stream& stream : streams) {
    TRY_ASSIGN(auto names, snapshot.words().list(stream.range, after, kAtOnce));
    const bool more = names.size() == kAtOnce;
    if (more && (!chunk.end || names.back().name.str() < *chunk.end)) {
      chunk.end = names.back().name.str();
    }
    for (meta::DescribedName& each : names) {
      const std::string& name = each.name.str();
      if (stream.is_certain) chunk.certain.push_back(name);
      const auto rank = rank_of(text, name, each.description);
      if (!rank) continue;
      auto& found =
          chunk.found.try_emplace(name, Chunk::Found{{*rank, name, std::move(each.description)}})
              .first->second;
      found.is_certain = found.is_certain || stream.is_certain;
    }
  }
  // A stream that had more may have names between here and another's last one.
  if (chunk.end) {
    chunk.found.erase(chunk.found.upper_bound(*chunk.end), chunk.found.end());
    std::erase_if(chunk.certain, [&](const std::string& name) { return name > *chunk.end; });
  }
  std::sort(chunk.certain.begin(), chunk.certain.end());
  return chunk;
}

class Search {
 public:
  Search(Context& context, meta::Store& store, const access::Policy& policy,
         const access::Question& question, const SearchQuery& query)
      : context_(context),
        store_(store),
        policy_(policy),
        question_(question),
        query_(query),
        text_(lower(query.text)),
        after_(query.after.value_or(Place{})) {}

  Result<SearchPage> run() {
    TRY_ASSIGN(const access::Reach reach, policy_.reach(context_, question_));
    const std::vector<Stream> streams = streams_of(reach);
    if (query_.limit == 0 || streams.empty()) return SearchPage{};
    if (after_.window.empty()) TRY(take_the_name_itself());
    TRY_ASSIGN(const auto end, look_through_window(streams));
    return page(end);
  }

 private:
  // Wherever its window lies.
  Result<void> take_the_name_itself() {
    auto name = oci::RepositoryName::parse(text_);
    if (!name) return {};
    Chunk chunk;
    TRY(store_.read(context_, [&](const meta::Snapshot& snapshot) -> Result<void> {
      chunk.found.clear();
      TRY_ASSIGN(auto names, snapshot.words().list({.beginning = text_}, "", 1));
      if (names.empty() || names.front().name != *name) return {};
      chunk.found.emplace(text_,
                          Chunk::Found{{Rank::Name, text_, std::move(names.front().description)}});
      return {};
    }));
    return take(chunk);
  }

  // Where the next window begins, if there is one.
  Result<std::optional<std::string>> look_through_window(const std::vector<Stream>& streams) {
    std::string after = just_before(after_.window);
    for (std::size_t looked_at = 0;;) {
      TRY(context_.alive());
      TRY_ASSIGN(auto chunk, store_.view<Chunk>(context_, [&](const meta::Snapshot& snapshot) {
        return read_chunk(snapshot, streams, after, text_);
      }));
      chunk.found.erase(text_);  // it was taken before
      // Only names that count end a window, so that none which may not be seen does.
      const std::size_t left = query_.most_looked_at - looked_at;
      std::optional<std::string> next;
      if (chunk.certain.size() > left) next = std::move(chunk.certain[left]);
      if (next) chunk.found.erase(chunk.found.lower_bound(*next), chunk.found.end());
      TRY(take(chunk));
      if (next || !chunk.end) return next;
      looked_at += chunk.certain.size();
      after = *std::move(chunk.end);
    }
  }

  // Keeps the best of what may be seen.
  Result<void> take(Chunk& chunk) {
    const auto is_wanted = [&](const Match& match) {
      if (!after_.name.empty() && match <= Match{after_.rank, after_.name, ""}) return false;
      return best_.size() <= query_.limit || match < *best_.rbegin();
    };
    std::vector<Match> asked;
    std::vector<oci::RepositoryName> names;
    for (auto& [name, found] : chunk.found) {
      if (!is_wanted(found.match)) continue;
      if (found.is_certain) {
        keep(std::move(found.match));
        continue;
      }
      TRY_ASSIGN(auto parsed, oci::RepositoryName::parse(name));
      names.push_back(std::move(parsed));
      asked.push_back(std::move(found.match));
    }
    if (asked.empty()) return {};
    TRY_ASSIGN(const auto seen, policy_.allowed_among(context_, question_, names));
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (seen[i]) keep(std::move(asked[i]));
    }
    return {};
  }

  // One more than the page, which tells that there is one.
  void keep(Match match) {
    best_.insert(std::move(match));
    if (best_.size() > query_.limit + 1) best_.erase(std::prev(best_.end()));
  }

  SearchPage page(const std::optional<std::string>& next_window) {
    SearchPage page;
    const bool more = best_.size() > query_.limit;
    if (more) best_.erase(std::prev(best_.end()));
    while (!best_.empty()) {
      page.matches.push_back(std::move(best_.extract(best_.begin()).value()));
    }
    if (more) {
      page.next = Place{after_.window, page.matches.back().rank, page.matches.back().name};
    } else if (next_window) {
      page.next = Place{*next_window, Rank::Name, ""};
    }
    return page;
  }

  Context& context_;
  meta::Store& store_;
  const access::Policy& policy_;
  const access::Question& question_;
  const SearchQuery& query_;
  const std::string text_;
  const Place after_;
  std::set<Match> best_;
};

}  // namespace

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return lowered;
}

std::optional<Rank> rank_of(std::string_view text, std::string_view name,
                            std::string_view description) {
  const std::size_t at = name.find(text);
  if (at == std::string_view::npos) {
    if (lower(description).find(text) == std::string::npos) return std::nullopt;
    return Rank::InDescription;
  }
  if (name == text) return Rank::Name;
  if (text.empty()) return Rank::Beginning;
  if (name.ends_with(text) && name[name.size() - text.size() - 1] == '/') return Rank::LastPart;
  if (at == 0) return Rank::Beginning;
  for (std::size_t slash = name.find('/'); slash != std::string_view::npos;
       slash = name.find('/', slash + 1)) {
    if (name.substr(slash + 1).starts_with(text)) return Rank::PartBegins;
  }
  return Rank::InName;
}

Result<SearchPage> search(Context& context, meta::Store& store, const access::Policy& policy,
                          const access::Question& question, const SearchQuery& query) {
  return Search(context, store, policy, question, query).run();
}

}  // namespace entrepot::hub
