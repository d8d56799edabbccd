#pragma once
// meta/journal.h — what happened, in the order in which it did.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "events/event.h"

namespace entrepot::meta {

// History, audit and event outbox share this one append.
//
// Numbers grow and are never given twice; there may be gaps. An entry stays for a year at least
// (Retention), the newest kMovesKept entries of a tag for good, and what a reader has still to read
// for as long as that reader is known. Nothing else keeps an entry: who reads the journal without
// being known as a reader, and less than once a year, misses some.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual Result<void> add(events::Event event) = 0;
  static constexpr std::int64_t kMovesKept = 100;

  // Makes the reader known, or moves it on: it has done with the entries up to `sequence`, and
  // those after it stay until it says otherwise. release() forgets the reader; one that never comes
  // back would keep the journal growing.
  virtual Result<void> hold(std::string_view reader, std::int64_t sequence) = 0;
  virtual Result<void> release(std::string_view reader) = 0;

  // Entries after `sequence`, oldest first, with their numbers.
  struct Entry {
    std::int64_t sequence = 0;
    events::Event event;
  };
  virtual Result<std::vector<Entry>> read(std::int64_t after, std::size_t limit) const = 0;
};

}  // namespace entrepot::meta
