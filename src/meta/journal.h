#pragma once
// meta/journal.h — what happened, in the order in which it did.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "events/event.h"

namespace entrepot::meta {

// History, audit and event outbox share this one append.
//
// In order: numbers grow and are never given twice; there may be gaps. What read() tells is
// settled: nothing comes later with a number below one that was told, however many write at once,
// in however many processes. A driver whose transactions overlap keeps an entry back until all that
// began before its own have ended; so an answered write may be told of a moment later. (Listeners
// hear at once, but not always in the order of the numbers.)
//
// Until when: an entry stays for a year at least (Retention), the newest kMovesKept entries of a
// tag for good, and what a reader has still to read for as long as that reader is known. Nothing
// else keeps an entry: who reads without being known as a reader, and stays away for longer than
// that, is told that it missed something.
class Journal {
 public:
  virtual ~Journal() = default;
  // A work that is undone takes its events with it.
  virtual Result<void> add(events::Event event) = 0;
  static constexpr std::int64_t kMovesKept = 100;

  // Makes the reader known, or moves it on: it has done with the entries up to `sequence`, and
  // those after it stay until it says otherwise. release() forgets the reader; one that never comes
  // back would keep the journal growing.
  virtual Result<void> hold(std::string_view reader, std::int64_t sequence) = 0;
  virtual Result<void> release(std::string_view reader) = 0;

  struct Entry {
    std::int64_t sequence = 0;
    events::Event event;
  };
  // Oldest first.
  struct Page {
    std::vector<Entry> entries;
    bool missed = false;  // entries after `after` were dropped; these are what is left
  };
  // Entries after `after` (0: all that there are), at most `limit`.
  virtual Result<Page> read(std::int64_t after, std::size_t limit) const = 0;
  // Entries before `before` (nothing: the newest), newest first, at most `limit`.
  virtual Result<std::vector<Entry>> read_back(std::optional<std::int64_t> before,
                                               std::size_t limit) const = 0;
};

}  // namespace entrepot::meta
