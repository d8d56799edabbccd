#include "api/rest/tags.h"

#include <algorithm>
#include <charconv>

#include "api/rest/page.h"
#include "api/rest/problem.h"
#include "insight/tags.h"

namespace entrepot::api::rest {
namespace {

using Order = meta::TagQuery::Order;

constexpr std::size_t kMostMoves = 100;

// "MICROSECONDS NAME": where both orders go on.
std::string cursor_of(const meta::TagRow& row) {
  return to_cursor(std::to_string(to_unix_micros(row.moved_at)) + ' ' + row.tag.str());
}

Result<meta::TagQuery::After> after_of(const std::string& text) {
  std::int64_t micros = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, micros);
  if (error != std::errc() || at == end || *at != ' ') {
    return fail(ErrorCode::InvalidArgument, "after: take it from \"next\" of the last page");
  }
  return meta::TagQuery::After{std::string(at + 1, end), from_unix_micros(micros)};
}

Result<meta::TagQuery> query_of(const http::Request& request) {
  TRY_ASSIGN(const PageRequest page, page_of(request));
  meta::TagQuery query{.limit = page.limit};
  const auto sort = request.parameter("sort").value_or("name");
  if (sort != "name" && sort != "newest") {
    return fail(ErrorCode::InvalidArgument, "sort: name or newest");
  }
  query.order = sort == "newest" ? Order::NewestFirst : Order::ByName;
  if (page.after) {
    TRY_ASSIGN(query.after, after_of(*page.after));
  }
  return query;
}

void write_contents(json::Writer& json, const insight::Contents& contents) {
  json.member("kind", insight::name_of(contents.kind));
  write_or_null(json, "artifact_type", contents.artifact_type);
  if (contents.platforms) {
    write_texts(json, "platforms", *contents.platforms);
  } else {
    json.key("platforms").null();
  }
  json.key("size_bytes");
  if (contents.size_bytes) {
    json.value(*contents.size_bytes);
  } else {
    json.null();
  }
  json.key("layers");
  if (!contents.layers) {
    json.null();
    return;
  }
  json.begin_array();
  for (const insight::LayerSize& layer : *contents.layers) {
    json.begin_object()
        .member("digest", std::string_view(layer.digest.to_string()))
        .member("size_bytes", layer.size_bytes)
        .end_object();
  }
  json.end_array();
}

void write(json::Writer& json, const insight::TagSummary& tag) {
  json.begin_object()
      .member("name", std::string_view(tag.row.tag.str()))
      .member("digest", std::string_view(tag.row.digest.to_string()))
      .member("media_type", std::string_view(tag.media_type));
  write_contents(json, tag.contents);
  json.member("pushed_at", std::string_view(to_rfc3339(tag.row.moved_at)));
  write_or_null(json, "pushed_by", tag.moved_by);
  write_pulls(json, tag.pulls);
  json.end_object();
}

}  // namespace

http::Response Tags::list(Context& context, const Call& call) {
  const auto query = query_of(call.request);
  if (!query) return to_problem(query.error());
  const auto repository = call.repository();
  const auto page =
      call.services.meta.view<insight::TagPage>(context, [&](const meta::Snapshot& snapshot) {
        return insight::find_tags(snapshot, repository, *query);
      });
  if (!page) return to_problem(page.error());
  const auto next = page->more ? std::optional(cursor_of(page->tags.back().row)) : std::nullopt;
  return answer(200, page_body(next, [&](json::Writer& json) {
                  for (const insight::TagSummary& tag : page->tags) write(json, tag);
                }));
}

http::Response Tags::history(Context& context, const Call& call) {
  const auto tag = oci::Tag::parse(call.words[1]);
  if (!tag) return to_problem(tag.error());
  const auto repository = call.repository();
  const auto moves = call.services.meta.view<std::vector<meta::TagMove>>(
      context, [&](const meta::Snapshot& snapshot) -> Result<std::vector<meta::TagMove>> {
        TRY_ASSIGN(const auto found, snapshot.repositories().find(repository));
        return snapshot.tags().history(found.id, *tag, kMostMoves);
      });
  if (!moves) return to_problem(moves.error());
  if (moves->empty()) return not_found();
  return answer(200, page_body(std::nullopt, [&](json::Writer& json) {
                  for (const meta::TagMove& move : *moves) {
                    json.begin_object();
                    write_optional(
                        json, "digest",
                        move.digest ? std::optional(move.digest->to_string()) : std::nullopt);
                    json.member("at", std::string_view(to_rfc3339(move.at)));
                    write_or_null(json, "by", move.by);
                    json.end_object();
                  }
                }));
}

http::Response Tags::remove(Context& context, const Call& call) {
  const auto tag = oci::Tag::parse(call.words[1]);
  if (!tag) return to_problem(tag.error());
  const auto removed = call.services.remove.tag(context, call.subject, call.repository(), *tag);
  if (!removed) return to_problem(removed.error());
  http::Response response;
  response.status = 204;
  return response;
}

}  // namespace entrepot::api::rest
