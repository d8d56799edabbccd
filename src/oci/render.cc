#include <iterator>

#include <fmt/format.h>

#include "oci/manifest.h"

// The half of manifest.h that writes JSON.

namespace entrepot::oci {
namespace {

void append_member(std::string& out, std::string_view key, std::string_view text) {
  out += '"';
  out += key;
  out += "\":";
  append_json_string(out, text);
}

void append_annotations(std::string& out, const Annotations& annotations) {
  out += '{';
  bool first = true;
  for (const auto& [key, text] : annotations) {
    if (!std::exchange(first, false)) out += ',';
    append_json_string(out, key);
    out += ':';
    append_json_string(out, text);
  }
  out += '}';
}

void append_platform(std::string& out, const Platform& platform) {
  out += '{';
  append_member(out, "architecture", platform.architecture);
  out += ',';
  append_member(out, "os", platform.os);
  if (!platform.variant.empty()) {
    out += ',';
    append_member(out, "variant", platform.variant);
  }
  out += '}';
}

void append_urls(std::string& out, const std::vector<std::string>& urls) {
  out += '[';
  for (std::size_t i = 0; i < urls.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, urls[i]);
  }
  out += ']';
}

void append_descriptor(std::string& out, const Descriptor& descriptor) {
  out += '{';
  append_member(out, "mediaType", descriptor.media_type);
  fmt::format_to(std::back_inserter(out), R"(,"digest":"{}","size":{})",
                 descriptor.digest.to_string(), descriptor.size_bytes);
  if (!descriptor.artifact_type.empty()) {
    out += ',';
    append_member(out, "artifactType", descriptor.artifact_type);
  }
  if (!descriptor.annotations.empty()) {
    out += ",\"annotations\":";
    append_annotations(out, descriptor.annotations);
  }
  if (!descriptor.urls.empty()) {
    out += ",\"urls\":";
    append_urls(out, descriptor.urls);
  }
  if (descriptor.platform) {
    out += ",\"platform\":";
    append_platform(out, *descriptor.platform);
  }
  out += '}';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char c = text[0];
    const std::size_t length = utf8_character_length(text);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else if (length == 0) {
      out += "\ufffd";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

Bytes render_index(const std::vector<Descriptor>& descriptors) {
  Bytes out = R"({"schemaVersion":2,)";
  append_member(out, "mediaType", media_type::kOciIndex);
  out += ",\"manifests\":[";
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    if (i > 0) out += ',';
    append_descriptor(out, descriptors[i]);
  }
  out += "]}";
  return out;
}

Bytes to_json(const Annotations& annotations) {
  Bytes out;
  append_annotations(out, annotations);
  return out;
}

std::string referrers_tag(const Digest& subject) {
  constexpr std::size_t kMostOfHash = 64;
  return fmt::format("{}-{}", name_of(subject.algorithm()), subject.hex().substr(0, kMostOfHash));
}

}  // namespace entrepot::oci
