#include "oci/manifest_at_rest.h"

#include <charconv>
#include <limits>

#include "json/key.h"
#include "oci/internal/media_type_text.h"
#include "oci/internal/scanner.h"

namespace entrepot::oci {

using internal::is_media_type;
using internal::Scanner;
using json::reads_as;

namespace {

constexpr std::string_view kArtifactManifest = "application/vnd.oci.artifact.manifest.v1+json";

// As what descriptors are read, and where they go.
struct Wanted {
  ReferenceKind kind;
  std::vector<NamedDigest>& named;
  std::string_view digest_key = "digest";
};

std::string read_media_type(Scanner& scanner) {
  auto type = scanner.string();
  return type && is_media_type(*type) ? std::move(*type) : std::string();
}

// A whole number that fits; of what is written otherwise nothing is believed.
std::optional<std::uint64_t> read_size(Scanner& scanner) {
  const auto text = scanner.scalar();
  if (!text) return std::nullopt;
  std::int64_t size = -1;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), size);
  if (read.ec != std::errc() || read.ptr != text->data() + text->size() || size < 0) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(size);
}

void read_digest(Scanner& scanner, std::vector<Digest>& digests) {
  const auto text = scanner.string();
  if (!text) return;
  if (const auto digest = Digest::parse(*text)) digests.push_back(*digest);
}

// The next value, if it is an object, as a descriptor; else it is skipped.
void read_descriptor(Scanner& scanner, const Wanted& wanted) {
  if (!scanner.enter('{')) return scanner.skip();
  std::vector<Digest> digests;  // more than one if the key is there twice
  std::string media_type;
  std::optional<std::uint64_t> size;
  while (const auto key = scanner.next_key()) {
    if (reads_as(*key, wanted.digest_key)) {
      read_digest(scanner, digests);
    } else if (reads_as(*key, "mediaType")) {
      media_type = read_media_type(scanner);
    } else if (reads_as(*key, "size")) {
      size = read_size(scanner);
    } else {
      scanner.skip();
    }
  }
  for (const Digest& digest : digests) {
    wanted.named.push_back({wanted.kind, digest, media_type, size});
  }
}

// A list of descriptors, or one alone.
void read_descriptors(Scanner& scanner, const Wanted& wanted) {
  if (!scanner.enter('[')) return read_descriptor(scanner, wanted);
  while (scanner.next_element()) read_descriptor(scanner, wanted);
}

void read_annotations(Scanner& scanner, Annotations& annotations) {
  if (!scanner.enter('{')) return scanner.skip();
  while (auto key = scanner.next_key()) {
    if (auto value = scanner.string()) annotations.insert_or_assign(*key, std::move(*value));
  }
}

bool is_known_type(std::string_view type) {
  return type == media_type::kOciManifest || type == media_type::kOciIndex ||
         type == media_type::kDockerManifest || type == media_type::kDockerList;
}

// Goes through the fields of the top.
class Reading {
 public:
  explicit Reading(ByteView bytes) : scanner_(bytes) {}

  ManifestAtRest read(std::string_view known_type) {
    const bool is_object = scanner_.enter('{');
    while (is_object) {
      const auto key = scanner_.next_key();
      if (!key) break;
      read_field(*key);
    }
    manifest_.is_whole = is_object && !scanner_.is_broken();
    manifest_.looks_like_one = manifest_.is_whole && looks_like_one();
    // An unknown field in manifests of the types that we know.
    if (!is_known_type(own_type_)) {
      manifest_.named.insert(manifest_.named.end(), blobs_.begin(), blobs_.end());
    }
    manifest_.media_type = known_type.empty() ? type() : std::string(known_type);
    if (manifest_.artifact_type.empty()) manifest_.artifact_type = config_type_;
    return std::move(manifest_);
  }

 private:
  void read_field(std::string_view key) {
    auto& named = manifest_.named;
    if (reads_as(key, "mediaType")) {
      own_type_ = read_media_type(scanner_);
    } else if (reads_as(key, "schemaVersion")) {
      version_ = scanner_.scalar().value_or("");
    } else if (reads_as(key, "artifactType")) {
      manifest_.artifact_type = read_media_type(scanner_);
    } else if (reads_as(key, "config")) {
      read_config();
    } else if (reads_as(key, "layers")) {
      has_layers_ = true;
      read_descriptors(scanner_, {ReferenceKind::Layer, named});
    } else if (reads_as(key, "blobs")) {
      read_descriptors(scanner_, {ReferenceKind::Layer, blobs_});
    } else if (reads_as(key, "fsLayers")) {
      has_fs_layers_ = scanner_.peek() == '[';
      read_descriptors(scanner_, {ReferenceKind::Layer, named, "blobSum"});
    } else if (reads_as(key, "manifests")) {
      has_children_ = scanner_.peek() == '[';
      read_descriptors(scanner_, {ReferenceKind::Child, named});
    } else if (reads_as(key, "subject")) {
      read_subject();
    } else if (reads_as(key, "annotations")) {
      read_annotations(scanner_, manifest_.annotations);
    } else {
      scanner_.skip();
    }
  }

  void read_config() {
    auto& named = manifest_.named;
    const std::size_t before = named.size();
    read_descriptors(scanner_, {ReferenceKind::Config, named});
    if (named.size() > before) config_type_ = named.back().media_type;
  }

  void read_subject() {
    std::vector<NamedDigest> subject;
    read_descriptors(scanner_, {ReferenceKind::Child, subject});
    if (!subject.empty()) manifest_.subject = subject.back().digest;
  }

  bool is_schema1() const {
    return version_ == "1" || media_type::is_schema1(own_type_) ||
           (own_type_.empty() && has_fs_layers_);
  }

  // Without a type of its own, what has a list of children is an index, all else an image.
  std::string type() const {
    if (is_schema1()) {
      return std::string(media_type::is_schema1(own_type_) ? std::string_view(own_type_)
                                                           : media_type::kDockerSchema1);
    }
    if (!own_type_.empty()) return own_type_;
    return std::string(has_children_ ? media_type::kOciIndex : media_type::kOciManifest);
  }

  bool looks_like_one() const {
    if (own_type_ == kArtifactManifest || is_schema1()) return true;
    if (version_ != "2") return false;
    if (!own_type_.empty()) return is_known_type(own_type_);
    return has_layers_ || has_children_ || !manifest_.named.empty();
  }

  Scanner scanner_;
  ManifestAtRest manifest_;
  std::vector<NamedDigest> blobs_;
  std::string own_type_;
  std::string config_type_;
  std::string_view version_;
  bool has_layers_ = false;
  bool has_children_ = false;
  bool has_fs_layers_ = false;
};

}  // namespace

ManifestAtRest read_manifest_at_rest(ByteView bytes, std::string_view known_type) {
  return Reading(bytes).read(known_type);
}

}  // namespace entrepot::oci
