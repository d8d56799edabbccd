#include "audit/line.h"

#include "json/reader.h"
#include "json/writer.h"

namespace entrepot::audit {
namespace {

void add(json::Writer& json, std::string_view name, std::string_view value) {
  if (!value.empty()) json.member(name, value);
}

}  // namespace

std::string line_of(const meta::Journal::Entry& entry) {
  const events::Event& event = entry.event;
  std::string line;
  json::Writer json(line);
  json.begin_object()
      .member("id", entry.sequence)
      .member("at", std::string_view(to_rfc3339(event.at)))
      .member("what", events::name_of(event.kind));
  add(json, "who", event.actor.id);
  json.member("kind", events::name_of(event.actor.kind));
  add(json, "client", event.client);
  add(json, "request", event.request);
  if (event.repository) json.member("repository", std::string_view(event.repository->str()));
  if (event.digest) json.member("digest", std::string_view(event.digest->to_string()));
  if (event.tag) json.member("tag", std::string_view(event.tag->str()));
  if (event.previous) json.member("previous", std::string_view(event.previous->to_string()));
  if (!event.detail.empty()) {
    json.key("detail");
    // Ours, unless somebody changed it: then it is a text, so that the line stays JSON.
    if (json::Document::parse(event.detail, "detail")) {
      json.raw(event.detail);
    } else {
      json.value(std::string_view(event.detail));
    }
  }
  json.end_object().end_line();
  return line;
}

}  // namespace entrepot::audit
