#pragma once
// meta/tags.h — names that point at manifests, and can be moved.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "meta/rows.h"

namespace entrepot::meta {

struct TagRow {
  Tag tag;
  Digest digest;
  WallTime moved_at;
};

// A page of a repository's tags.
struct TagQuery {
  enum class Order { ByName, NewestFirst };  // newest: moved last; tags of one moment by name, down
  // The last row of the page before.
  struct After {
    std::string name;
    WallTime moved_at;  // looked at for NewestFirst alone
  };
  RepositoryId repository = {};
  Order order = Order::ByName;
  std::optional<After> after = {};
  std::size_t limit = 100;
};

// One step in the life of a tag, newest first in lists.
struct TagMove {
  std::optional<Digest> digest;  // none: the tag was deleted
  WallTime at;
  std::string by;
};

class Tags {
 public:
  virtual ~Tags() = default;
  virtual Result<TagRow> find(RepositoryId repository, const Tag& tag) const = 0;
  virtual Result<std::vector<Tag>> list(RepositoryId repository, std::string_view after,
                                        std::size_t limit) const = 0;
  // Costs what the page holds, in either order, first or deep.
  virtual Result<std::vector<TagRow>> page(const TagQuery& query) const = 0;
  // At most `most`; costs what it counts.
  virtual Result<std::size_t> count(RepositoryId repository, std::size_t most) const = 0;
  virtual Result<std::vector<TagMove>> history(RepositoryId repository, const Tag& tag,
                                               std::size_t limit) const = 0;
  // The tags that point at the manifest; empty when there is none.
  virtual Result<std::vector<Tag>> pointing_at(RepositoryId repository, const Digest& digest,
                                               std::size_t limit) const = 0;

  // Points the tag at a live manifest of the repository (else NotFound); returns where it pointed
  // before. History comes from the journal's events, added by the caller.
  virtual Result<std::optional<Digest>> move(RepositoryId repository, const Tag& tag,
                                             const Digest& digest, WallTime at) = 0;
  virtual Result<Digest> remove(RepositoryId repository, const Tag& tag) = 0;
  virtual Result<std::vector<Tag>> remove_all(RepositoryId repository, const Digest& digest) = 0;
};

}  // namespace entrepot::meta
