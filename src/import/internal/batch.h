#pragma once
// import/internal/batch.h — writes what was found into the metadata, many things in a transaction.

#include <functional>
#include <vector>

#include "import/internal/inspector.h"

namespace entrepot::import {

// Takes things in the order of the journey, and commits them together with how far that is. One
// thread; blocks.
class Batch {
 public:
  Batch(meta::Store& meta, const Clock& clock, std::size_t limit)
      : meta_(meta), clock_(clock), limit_(limit) {}

  void go_on_from(Journey journey) { journey_ = std::move(journey); }

  // What is committed, and what was added since.
  const Journey& journey() const { return journey_; }

  // Commits when there is enough of it; returns whether it did.
  Result<bool> add(Context& context, const Place& place, Found found, Findings findings);

  // Something that belongs to the place that is added next: cut short in between, it is found
  // again.
  Result<void> add_part(Context& context, const std::string& repository, Found found);

  // The same for a link file that is left out.
  Result<void> leave_out(Context& context, LeftOut left_out);

  // Commits now. `also` runs at the end of the same transaction.
  using Also = std::function<Result<void>(meta::Transaction&)>;
  Result<void> flush(Context& context, const Also& also = nullptr);

  // Adds to the report of what the next commit says.
  void count(const AdoptReport& more);

  // For the stage without things: moves on; flush() saves it.
  void advance(Place place) { journey_.at = std::move(place); }

 private:
  struct Entry {
    oci::RepositoryName repository;
    Found found;
  };

  Result<bool> put(Context& context, oci::RepositoryName name, Found found);
  Result<bool> flush_if_full(Context& context);

  meta::Store& meta_;
  const Clock& clock_;
  const std::size_t limit_;
  Journey journey_;
  std::vector<Entry> entries_;
  std::vector<LeftOut> left_out_;
  std::size_t bytes_ = 0;
};

}  // namespace entrepot::import
