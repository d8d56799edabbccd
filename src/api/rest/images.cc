#include "api/rest/images.h"

#include "api/rest/page.h"
#include "api/rest/problem.h"

namespace entrepot::api::rest {
namespace {

constexpr std::string_view kTitle = "org.opencontainers.image.title";

void write_layer(json::Writer& json, const insight::Layer& layer) {
  const oci::Descriptor& descriptor = layer.descriptor;
  json.begin_object()
      .member("digest", std::string_view(descriptor.digest.to_string()))
      .member("media_type", std::string_view(descriptor.media_type))
      .member("size_bytes", descriptor.size_bytes)
      .key("unpacked_bytes")
      .null();
  write_optional(json, "instruction", layer.instruction);
  write_or_null(json, "created_at", layer.created_at);
  write_optional(json, "diff_id", layer.diff_id);
  const auto title = descriptor.annotations.find(std::string(kTitle));
  write_or_null(json, "title", title == descriptor.annotations.end() ? "" : title->second);
  json.end_object();
}

void write_layers(json::Writer& json, const insight::Image& image) {
  json.key("layers").begin_array();
  for (const insight::Layer& layer : image.layers) write_layer(json, layer);
  json.end_array().key("empty_history").begin_array();
  for (const insight::EmptyStep& step : image.empty_steps) {
    json.begin_object().member("instruction", std::string_view(step.instruction));
    write_or_null(json, "created_at", step.created_at);
    json.key("before");
    if (step.before) {
      json.value(*step.before);
    } else {
      json.null();
    }
    json.end_object();
  }
  json.end_array();
}

void write_config(json::Writer& json, const insight::ImageConfig& config) {
  const auto list_or_null = [&](std::string_view key, const auto& list) {
    if (list) {
      write_texts(json, key, *list);
    } else {
      json.key(key).null();
    }
  };
  json.begin_object();
  write_or_null(json, "user", config.user);
  write_texts(json, "env", config.env);
  list_or_null("entrypoint", config.entrypoint);
  list_or_null("cmd", config.cmd);
  write_or_null(json, "working_dir", config.working_dir);
  write_texts(json, "ports", config.ports);
  write_texts(json, "volumes", config.volumes);
  write_map(json, "labels", config.labels);
  write_or_null(json, "stop_signal", config.stop_signal);
  json.end_object();
}

void write_neighbours(json::Writer& json, const insight::Image& image) {
  json.key("platforms").begin_array();
  for (const insight::PlatformImage& each : image.platforms) {
    json.begin_object()
        .member("platform", std::string_view(each.platform))
        .member("digest", std::string_view(each.digest.to_string()))
        .member("size_bytes", each.size_bytes)
        .end_object();
  }
  json.end_array();
  write_texts(json, "tags", image.tags);
  json.key("referrers").begin_array();
  for (const oci::Descriptor& referrer : image.referrers) {
    json.begin_object().member("digest", std::string_view(referrer.digest.to_string()));
    write_or_null(json, "artifact_type", referrer.artifact_type);
    json.member("size_bytes", referrer.size_bytes);
    write_map(json, "annotations", referrer.annotations);
    json.end_object();
  }
  json.end_array();
}

std::string body_of(const insight::Image& image, std::string_view reference) {
  std::uint64_t size_bytes = 0;
  for (const insight::Layer& layer : image.layers) size_bytes += layer.descriptor.size_bytes;
  std::string body;
  json::Writer json(body);
  json.begin_object()
      .member("reference", reference)
      .member("digest", std::string_view(image.digest.to_string()))
      .member("media_type", std::string_view(image.media_type))
      .member("kind", insight::name_of(image.kind));
  write_or_null(json, "artifact_type", image.artifact_type);
  json.member("size_bytes", size_bytes);
  write_optional(json, "platform", image.platform);
  write_or_null(json, "created_at", image.config ? image.config->created_at : "");
  write_neighbours(json, image);
  write_layers(json, image);
  json.key("config");
  if (image.config) {
    write_config(json, *image.config);
  } else {
    json.null();
  }
  write_map(json, "annotations", image.annotations);
  json.end_object().end_line();
  return body;
}

}  // namespace

http::Response Images::get(Context& context, const Call& call) {
  const auto reference = oci::parse_reference(call.words[1]);
  if (!reference) return to_problem(reference.error());
  const insight::ImageReader reader(call.services.pull, call.services.meta);
  const auto image = reader.read(context, call.repository(), *reference,
                                 call.request.parameter("platform").value_or(""));
  if (!image) return to_problem(image.error());
  return answer(200, body_of(*image, oci::to_string(*reference)));
}

http::Response Images::manifest(Context& context, const Call& call) {
  const auto reference = oci::parse_reference(call.words[1]);
  if (!reference) return to_problem(reference.error());
  const auto found = call.services.pull.manifest(context, call.repository(), *reference);
  if (!found) return to_problem(found.error());
  // Whatever a pusher wrote there, no browser takes it for a page of ours.
  auto response = http::Response::text(200, "text/plain; charset=utf-8", *(*found)->bytes);
  response.with("Content-Security-Policy", "sandbox; default-src 'none'");
  return response;
}

}  // namespace entrepot::api::rest
