#pragma once
// oci/manifest_at_rest.h — what can be read of a manifest that was stored already, by whomever.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "oci/digest.h"
#include "oci/manifest.h"

namespace entrepot::oci {

// A digest that a manifest names, with what is said about it.
struct NamedDigest {
  ReferenceKind kind = ReferenceKind::Layer;
  Digest digest;
  std::string media_type;                   // empty: none that could stand in a header
  std::optional<std::uint64_t> size_bytes;  // none: not said, or no whole number
};

// What a manifest's bytes say, as far as anybody can tell.
struct ManifestAtRest {
  // Never empty: its own mediaType, else what distribution would take it for by its shape.
  std::string media_type;
  std::string artifact_type;  // as Manifest's
  // In the order in which they stand there; one may be named more than once. Config; layers, and
  // the `blobs` of artifact manifests and `fsLayers` of schema 1; children.
  std::vector<NamedDigest> named;
  std::optional<Digest> subject;
  Annotations annotations;  // those that are strings

  bool is_whole = false;        // one JSON object to its end, so nothing can be named unseen
  bool looks_like_one = false;  // would distribution take such a blob for a manifest?
};

// The reading for bytes that are kept, where parse_manifest() is the one for a push: what was
// accepted once, by an older program or another one, stays and is served as it is, whatever a
// strict reader thinks of it. It never fails. Every digest that can be found where a manifest names
// one is found, so that nobody takes away what some client may ask for: under a key in other
// letters, under both of two equal keys, in a manifest of no known kind, before the place where the
// text is no JSON any more. Wherever parse_manifest() succeeds, this finds the same.
//
// `known_type`, when it is not empty, is the type that the bytes were stored with, and stays.
// Time and memory are linear in the size. Nothing is limited: the caller has the bytes already.
ManifestAtRest read_manifest_at_rest(ByteView bytes, std::string_view known_type = {});

}  // namespace entrepot::oci
