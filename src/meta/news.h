#pragma once
// meta/news.h — what a transaction tells, as soon as it is committed, to who listens in this
// process.

#include <cstddef>
#include <vector>

#include "meta/journal.h"
#include "oci/digest.h"

namespace entrepot::meta {

// The journal's new entries, and changes that the journal does not tell of and nobody keeps. A
// driver gathers it while works write; what a work told goes when the work is undone.
struct News {
  std::vector<Journal::Entry> entries;

  // By their sha256, some more than once: blobs whose bytes came, are going or gone, were found
  // damaged or right again; that a repository has no more; or whose review was put off or is new.
  std::vector<oci::Digest> blobs;

  // What was read of any manifest may be old: rows were written anew, or marked as damaged, or a
  // blob was that they may lead to.
  bool manifests = false;

  // Who may do what: an account, a right, a secret or a repository's visibility changed.
  bool people = false;

  void tell_of_blob(const oci::Digest& digest) {
    if (blobs.empty() || blobs.back() != digest) blobs.push_back(digest);
  }
  bool empty() const { return entries.empty() && blobs.empty() && !manifests && !people; }
  void clear() {
    entries.clear();
    blobs.clear();
    manifests = false;
    people = false;
  }

  // How much there is at some moment, and going back to it. Needs no memory.
  struct Mark {
    std::size_t entries = 0;
    std::size_t blobs = 0;
    bool manifests = false;
    bool people = false;
  };
  Mark mark() const { return {entries.size(), blobs.size(), manifests, people}; }
  void go_back_to(const Mark& mark) {
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(mark.entries), entries.end());
    blobs.erase(blobs.begin() + static_cast<std::ptrdiff_t>(mark.blobs), blobs.end());
    manifests = mark.manifests;
    people = mark.people;
  }
};

// Somebody in this process who is told what was written by it: after COMMIT, before the write()
// that it belongs to returns. Store::listen. What other processes write is in the journal alone.
//
// A COMMIT of which nobody knows what became of it is told as well. So news says what may have
// changed: it is good for forgetting, for looking again, for waking somebody up.
class Listener {
 public:
  virtual ~Listener() = default;

  // On whatever thread wrote, while others wait to write: short, without I/O, without a call of the
  // store. Must do its duty without memory, too (forgetting more than was asked for is right). The
  // news of works that were committed together comes at once, theirs in one order.
  virtual void heard(const News& news) noexcept = 0;
};

}  // namespace entrepot::meta
