#pragma once
// import/internal/counts.h — the numbers of an AdoptReport by name.

#include <string_view>

#include "import/adopt.h"

namespace entrepot::import {

struct Count {
  std::string_view name;
  std::uint64_t AdoptReport::*field;
  std::string_view text;
  bool always;  // told even when it is zero
};

inline constexpr Count kCounts[] = {
    {"repositories", &AdoptReport::repositories, "repositories", true},
    {"manifests", &AdoptReport::manifests, "manifests", true},
    {"tags", &AdoptReport::tags, "tags", true},
    {"blobs", &AdoptReport::blobs, "links to blobs", true},
    {"schema1", &AdoptReport::schema1, "manifests of schema 1 left out", false},
    {"unreadable", &AdoptReport::unreadable, "unreadable manifests and names left out", false},
    {"dangling", &AdoptReport::dangling, "links that lead nowhere", false},
    {"odd", &AdoptReport::odd, "odd files left alone", false},
    {"damaged", &AdoptReport::damaged, "damaged files set aside", false},
};

}  // namespace entrepot::import
