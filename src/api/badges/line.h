#pragma once
// api/badges/line.h — what a badge says.

#include <optional>
#include <string>
#include <string_view>

#include "insight/image.h"
#include "meta/store.h"
#include "oci/name.h"

namespace entrepot::api::badges {

// "/badges/version/acme/app:1.2.svg", without the prefix and decoded.
struct Badge {
  std::string kind;                // "version": one of the five below
  std::string repository;          // valid
  std::optional<std::string> tag;  // valid; nothing: `latest`, else the one pushed last
};
enum class Path { Badge, NoName, NoBadge };
// NoName: a badge of something that can have no such name. NoBadge: no path of a badge at all.
Path parse(std::string_view path, Badge& badge);

// What it says:
//
//   | kind    | line                                                                         |
//   |---------|------------------------------------------------------------------------------|
//   | image   | what a pull brings and in how many layers: "5.9MB | 4 layers"                |
//   | version | the tag that is asked for, else the longest one that its image has           |
//   | commit  | the first 7 characters of org.opencontainers.image.revision, else of         |
//   |         | org.label-schema.vcs-ref                                                     |
//   | license | org.opencontainers.image.licenses, else org.label-schema.license             |
//   | pushed  | the day on which the tag was pushed last (UTC): "2026-01-31"                 |
//
// Of an index the image for linux/amd64, else for its first platform. A label may stand in the
// annotations of what was pushed, in those of the image, or in its configuration; the first counts.
// NotFound for what is not there, is damaged, or says nothing of the kind. Reads what
// insight::ImageReader does.
Result<std::string> read_line(Context& context, const registry::Puller& pull, meta::Store& meta,
                              const Badge& badge);

// As docker writes sizes: powers of 1000, four digits.
std::string human_size(std::uint64_t bytes);

}  // namespace entrepot::api::badges
