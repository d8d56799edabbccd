#include "api/distribution/listing.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "api/distribution/upstream.h"
#include "json/writer.h"
#include "registry/visible.h"

namespace entrepot::api::distribution {
namespace {

constexpr std::size_t kMaxPage = 1000;

// What a page takes while it is made: for each name, and for the annotations of referrers, which
// the store cuts at 4 MiB, or at one referrer.
constexpr std::size_t kNameBytes = 1024;
constexpr std::size_t kReferrersBytes = 24 << 20;

struct PageRequest {
  std::size_t limit = 0;
  std::string last;
};

// `most` entries without `n`, or with an empty one; with it as many, but no more than kMaxPage.
Result<PageRequest> page_of(const http::Request& request, std::size_t most) {
  PageRequest page{most, request.parameter("last").value_or("")};
  const auto n = request.parameter("n");
  if (!n || n->empty()) return page;
  const std::size_t cap = std::min(most, kMaxPage);
  const bool digits =
      std::all_of(n->begin(), n->end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) {
    return fail(ErrorCode::InvalidArgument, "n is the number of entries wanted, 0 to {}", cap);
  }
  std::size_t wanted = 0;
  const auto parsed = std::from_chars(n->data(), n->data() + n->size(), wanted);
  page.limit = parsed.ec == std::errc() ? std::min(wanted, cap) : cap;
  return page;
}

// RFC 3986 unreserved characters stay; tags and names have few others, media types a few more.
std::string query_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string next_link(const Call& call, std::string_view path, std::size_t limit,
                      std::string_view last, std::string_view more_query = "") {
  return fmt::format("<{}?n={}&last={}{}>; rel=\"next\"", call.link(path), limit,
                     query_escape(last), more_query);
}

// The last member of a body, and its end.
void write_last(json::Writer& json, std::string_view key, const std::vector<std::string>& names) {
  json.key(key).begin_array();
  for (const std::string& name : names) json.value(name);
  json.end_array().end_object().end_line();
}

}  // namespace

// Of another registry all that it has, and not only what was pulled; and what was, when it cannot
// be asked.
Result<registry::NamePage> find_tags(Context& context, const Call& call, const PageRequest& page) {
  const auto repository = call.repository();
  auto here = call.services.pull.tags(context, repository, page.last, page.limit);
  if (!call.on_upstream) return here;
  auto all = call.services.upstream->tags(context, repository, page.last, page.limit);
  if (all || all.error().code == ErrorCode::NotFound || !here) return all;
  return here;
}

http::Reply Listing::tags(Context& context, const Call& call) {
  const auto repository = call.repository();
  ENTREPOT_API_ASSIGN(const auto page, page_of(call.request, call.pages.tags), About::Page);
  if (upstream_of(call) != nullptr && !call.on_upstream) return again_on_upstream(call);
  Room room;
  if (auto reply = room.take(context, call, page.limit * kNameBytes)) return *std::move(reply);
  const auto tags = find_tags(context, call, page);
  if (!tags) return upstream_error(call, tags.error(), About::Repository);
  Bytes body;
  json::Writer json(body);
  json.begin_object().member("name", repository.str());
  write_last(json, "tags", tags->names);
  auto response = http::Response::text(200, "application/json", std::move(body));
  if (tags->more && page.limit > 0) {
    response.with("Link", next_link(call, fmt::format("/v2/{}/tags/list", repository.str()),
                                    page.limit, tags->names.back()));
  }
  return response;
}

http::Reply Listing::catalog(Context& context, const Call& call) {
  ENTREPOT_API_ASSIGN(const auto page, page_of(call.request, call.pages.catalog), About::Page);
  Room room;
  if (auto reply = room.take(context, call, page.limit * kNameBytes)) return *std::move(reply);
  const Gate& gate = call.services.gate;
  const auto question = gate.question(call.request, call.subject, access::Action::See, "");
  ENTREPOT_API_ASSIGN(const auto repositories,
                      registry::find_visible(context, call.services.pull, gate.policy(), question,
                                             {.after = page.last, .limit = page.limit}),
                      About::Registry);
  Bytes body;
  json::Writer json(body);
  write_last(json.begin_object(), "repositories", repositories.names);
  auto response = http::Response::text(200, "application/json", std::move(body));
  if (repositories.next) {
    response.with("Link", next_link(call, "/v2/_catalog", page.limit, *repositories.next));
  }
  return response;
}

// What an upstream has besides, from `after` on, by digest as ours are. Ours alone when it cannot
// be asked.
void add_referrers_of_upstream(Context& context, const Call& call, const meta::ReferrerQuery& query,
                               registry::ReferrerPage& page) {
  auto theirs = call.services.upstream->referrers(context, query.repository, query.subject);
  if (!theirs) return;
  auto& all = page.descriptors;
  std::optional<oci::Digest> last;  // what comes behind it is for another page
  if (page.more && !all.empty()) last = all.back().digest;
  for (oci::Descriptor& each : *theirs) {
    const bool is_wanted =
        (!query.after || each.digest > *query.after) &&
        (query.artifact_type.empty() || each.artifact_type == query.artifact_type) &&
        (!last || each.digest < *last);
    const bool is_known = std::any_of(all.begin(), all.end(), [&](const oci::Descriptor& known) {
      return known.digest == each.digest;
    });
    if (is_wanted && !is_known) all.push_back(std::move(each));
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.digest < b.digest; });
  if (all.size() <= query.limit) return;
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(query.limit), all.end());
  page.more = true;
}

http::Reply Listing::referrers(Context& context, const Call& call) {
  const auto repository = call.repository();
  ENTREPOT_API_ASSIGN(const auto subject, call.digest(), About::Digest);
  ENTREPOT_API_ASSIGN(const auto page, page_of(call.request, kMaxPage), About::Page);
  std::optional<oci::Digest> after;
  if (!page.last.empty()) {
    ENTREPOT_API_ASSIGN(after, oci::Digest::parse(page.last), About::Digest);
  }
  const std::string type = call.request.parameter("artifactType").value_or("");
  if (upstream_of(call) != nullptr && !call.on_upstream) return again_on_upstream(call);
  Room room;
  if (auto reply = room.take(context, call, kReferrersBytes)) return *std::move(reply);
  ENTREPOT_API_ASSIGN(
      auto found,
      call.services.pull.referrers(context, repository, subject, type, after, page.limit),
      About::Manifest);
  if (call.on_upstream) {
    add_referrers_of_upstream(context, call,
                              {.repository = repository,
                               .subject = subject,
                               .artifact_type = type,
                               .after = after,
                               .limit = page.limit},
                              found);
  }
  auto response =
      http::Response::text(200, oci::media_type::kOciIndex, oci::render_index(found.descriptors));
  if (!type.empty()) response.with("OCI-Filters-Applied", "artifactType");
  if (found.more && page.limit > 0) {
    const std::string path =
        fmt::format("/v2/{}/referrers/{}", repository.str(), subject.to_string());
    const std::string filter = type.empty() ? "" : "&artifactType=" + query_escape(type);
    response.with("Link", next_link(call, path, page.limit,
                                    found.descriptors.back().digest.to_string(), filter));
  }
  return response;
}

}  // namespace entrepot::api::distribution
