#include "api/badges/line.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace entrepot::api::badges {
namespace {

constexpr std::size_t kCommitCharacters = 7;
constexpr std::size_t kDayCharacters = 10;  // of an RFC 3339 time
constexpr std::array<std::string_view, 5> kKinds = {"image", "version", "commit", "license",
                                                    "pushed"};

constexpr std::array<std::string_view, 2> kCommitLabels = {"org.opencontainers.image.revision",
                                                           "org.label-schema.vcs-ref"};
constexpr std::array<std::string_view, 2> kLicenseLabels = {"org.opencontainers.image.licenses",
                                                            "org.label-schema.license"};

Failure nothing() { return fail(ErrorCode::NotFound, "there is nothing to say"); }

Result<meta::TagRow> find_tag(const meta::Snapshot& snapshot, const Badge& badge) {
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(badge.repository));
  TRY_ASSIGN(const auto repository, snapshot.repositories().find(name));
  TRY_ASSIGN(const auto wanted, oci::Tag::parse(badge.tag.value_or("latest")));
  if (badge.tag) return snapshot.tags().find(repository.id, wanted);
  TRY_ASSIGN(auto latest, if_there(snapshot.tags().find(repository.id, wanted)));
  if (latest) return *std::move(latest);
  TRY_ASSIGN(auto newest, snapshot.tags().page({.repository = repository.id,
                                                .order = meta::TagQuery::Order::NewestFirst,
                                                .limit = 1}));
  if (newest.empty()) return nothing();
  return std::move(newest.front());
}

Result<std::string> label_of(const insight::Image& image,
                             const std::array<std::string_view, 2>& keys) {
  static const oci::Annotations kNone;
  const auto& labels = image.config ? image.config->labels : kNone;
  for (const std::string_view key : keys) {
    for (const auto* texts : {&image.annotations, &image.platform_annotations, &labels}) {
      const auto found = texts->find(std::string(key));
      if (found != texts->end() && !found->second.empty()) return found->second;
    }
  }
  return nothing();
}

// The first of the longest.
std::string longest(const std::vector<std::string>& tags) {
  const auto found = std::max_element(
      tags.begin(), tags.end(),
      [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
  return found == tags.end() ? "" : *found;
}

std::string first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (; count > 0 && end < text.size(); --count) {
    end += std::max<std::size_t>(1, utf8_character_length(text.substr(end)));
  }
  return std::string(text.substr(0, end));
}

Result<std::string> size_line(const insight::Image& image) {
  // An index whose image for the platform is not here says nothing of it.
  if (image.layers.empty() && !image.config) return nothing();
  std::uint64_t bytes = 0;
  for (const insight::Layer& layer : image.layers) bytes += layer.descriptor.size_bytes;
  return fmt::format("{} | {} layers", human_size(bytes), image.layers.size());
}

}  // namespace

Path parse(std::string_view path, Badge& badge) {
  static constexpr std::string_view kRoom = "/badges/";
  static constexpr std::string_view kEnd = ".svg";
  if (!path.starts_with(kRoom) || !path.ends_with(kEnd)) return Path::NoBadge;
  path.remove_prefix(kRoom.size());
  path.remove_suffix(std::min(path.size(), kEnd.size()));
  const std::size_t slash = path.find('/');
  const std::string_view kind = path.substr(0, slash);
  if (slash == std::string_view::npos ||
      std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) {
    return Path::NoBadge;
  }
  const std::string_view reference = path.substr(slash + 1);
  const std::size_t colon = reference.find(':');
  badge.kind = kind;
  badge.repository = reference.substr(0, colon);
  if (colon != std::string_view::npos) badge.tag = reference.substr(colon + 1);
  const bool is_valid = oci::RepositoryName::is_valid(badge.repository) &&
                        (!badge.tag || oci::Tag::parse(*badge.tag).has_value());
  return is_valid ? Path::Badge : Path::NoName;
}

Result<std::string> read_line(Context& context, const registry::Puller& pull, meta::Store& meta,
                              const Badge& badge) {
  TRY_ASSIGN(const auto tag, meta.view<meta::TagRow>(context, [&](const meta::Snapshot& snapshot) {
    return find_tag(snapshot, badge);
  }));
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(badge.repository));
  const insight::ImageReader reader(pull, meta);
  TRY_ASSIGN(const auto image, reader.read(context, name, tag.digest, ""));
  if (badge.kind == "image") return size_line(image);
  if (badge.kind == "version") return badge.tag ? *badge.tag : longest(image.tags);
  if (badge.kind == "license") return label_of(image, kLicenseLabels);
  if (badge.kind == "pushed") return to_rfc3339(tag.moved_at).substr(0, kDayCharacters);
  TRY_ASSIGN(const auto commit, label_of(image, kCommitLabels));
  return first_characters(commit, kCommitCharacters);
}

std::string human_size(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 7> kUnits = {"B",  "kB", "MB", "GB",
                                                             "TB", "PB", "EB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1000 && unit + 1 < kUnits.size(); ++unit) size /= 1000;
  return fmt::format("{:.4g}{}", size, kUnits[unit]);
}

}  // namespace entrepot::api::badges
