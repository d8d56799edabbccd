#pragma once
// import/internal/journey.h — how far an adoption is, as kept in the metadata.

#include <set>
#include <string>

#include "import/adopt.h"

namespace entrepot::import {

// In this order: for each repository its manifests, layers and tags; then, once, the unused blobs.
enum class Stage : int { Manifests = 0, Layers = 1, Tags = 2, Unused = 3 };

// One thing to take over: a manifest's or layer's digest, a tag, a blob. "" stands for the begin of
// the stage.
struct Place {
  std::string repository;  // "" in the last stage
  Stage stage = Stage::Manifests;
  std::string item;
};

// Everything up to `at` is in the metadata, because this is written in the same transaction.
struct Journey {
  std::string tree;  // Tree::identity(); of another tree, it says nothing about this one
  Place at;
  AdoptReport report;
  // Repositories whose manifests could not all be read, in this tree or one taken over before.
  std::set<std::string> unreadable;

  bool is_ahead(const Place& place) const;
};

// One at its begin when there is none, or it is about another tree.
Result<Journey> load_journey(const meta::Settings& settings, const std::string& tree);
Result<void> save_journey(meta::Settings& settings, const Journey& journey);

}  // namespace entrepot::import
