#pragma once
// import/testing/old_registry.h — writes a data directory as the distribution registry does, with
// everything that can be wrong in one.

#include <string>
#include <vector>

#include "base/clock.h"
#include "oci/digest.h"

namespace entrepot::import::testing {

// Below `data`, which must exist. Every link is a second younger than the one written before.
class OldRegistry {
 public:
  explicit OldRegistry(std::string data) : data_(std::move(data)) {}

  // A blob's file, in no repository.
  oci::Digest blob(const std::string& bytes);
  oci::Digest layer(const std::string& repository, const std::string& bytes);
  oci::Digest manifest(const std::string& repository, const std::string& bytes);
  // Moves the tag; what it pointed to stays in its index.
  void tag(const std::string& repository, const std::string& tag, const oci::Digest& digest);

  // An image with a config "{}" and these layers; returns its digest.
  oci::Digest image(const std::string& repository, const std::string& tag,
                    const std::vector<std::string>& layers);
  static std::string image_text(const std::vector<std::string>& layers,
                                const std::string& more = "");

  // Links without files behind them, or with other text.
  void link_layer(const std::string& repository, const std::string& folder,
                  const std::string& text);
  void link_revision(const std::string& repository, const oci::Digest& digest);

  // Other bytes under the blob's name.
  void damage(const oci::Digest& digest, const std::string& bytes);

  // Below the registry's folder.
  std::string path(const std::string& below) const;
  std::string repositories() const { return path("repositories"); }

  WallTime last_time() const { return time_; }

 private:
  void write_link(const std::string& file, const std::string& text);

  const std::string data_;
  WallTime time_ = from_unix_micros(1'600'000'000'000'000);
};

}  // namespace entrepot::import::testing
