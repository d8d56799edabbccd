#pragma once
// blob/store.h — where the bytes of layers and configs live.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "base/sink.h"
#include "base/source.h"
#include "oci/digest.h"

namespace entrepot::blob {

using oci::Digest;
using oci::HashAlgorithm;

// The name of an upload session, chosen by the caller: 8-4-4-4-12 lower-case hex. A value; always
// valid.
class UploadId {
 public:
  static UploadId random();
  static Result<UploadId> parse(std::string_view text);  // InvalidArgument
  const std::string& str() const { return text_; }
  friend auto operator<=>(const UploadId&, const UploadId&) = default;

 private:
  explicit UploadId(std::string_view text) : text_(text) {}
  std::string text_;
};

struct Stat {
  std::uint64_t size_bytes = 0;
};

struct Stored {
  Digest digest;  // always sha256: the name under which the bytes are kept
  std::uint64_t size_bytes = 0;
};

// What purge() drops. What is not set drops nothing.
struct PurgeTerms {
  // Sessions without a byte since then; and the longest silent of the rest, until so many are left.
  std::optional<WallTime> uploads_before = {};
  std::optional<std::size_t> most_uploads = {};
  // What was set aside before then; and the oldest of the rest, until so many bytes are left.
  std::optional<WallTime> quarantine_before = {};
  std::optional<std::uint64_t> most_quarantine_bytes = {};
};

struct Purged {
  std::vector<UploadId> uploads;  // that are gone
  std::size_t quarantined = 0;    // files that are gone
  // What is there still.
  std::size_t uploads_left = 0;
  std::size_t quarantine_files_left = 0;
  std::uint64_t quarantine_bytes_left = 0;
};

// An upload being written. Bytes are hashed as they pass. One thread at a time. Dropping it without
// commit is pause(), but at the offset that upload_offset() told last, if it told one to somebody
// while this was written. A write that fails with StorageFull or Unavailable ends the session and
// frees its bytes. Once the upload is paused, committed or ended, its calls fail with Cancelled;
// offset and digest can still be asked for.
class Upload : public Sink {
 public:
  virtual std::uint64_t offset_bytes() const = 0;

  // The sha256 of the bytes so far: under this name commit() will store them.
  virtual Digest digest() const = 0;

  // The file that write() puts the bytes into, each at its own offset, for others to read what it
  // took; it stays readable behind commit(). Null before the first byte, and where the store keeps
  // no files.
  virtual std::shared_ptr<const OpenFile> file() const = 0;

  // Puts the session away so that resume() finds all bytes that write() took: after this call for
  // the same process, another process, and (fs) a crash of the process. A power cut may lose them;
  // resume() then tells a smaller offset, never one over other bytes than those.
  virtual Result<void> pause(Context& context) = 0;

  // DigestMismatch (the session is kept, as if this had been dropped) unless the bytes are
  // `expected`. An algorithm that was not asked for at start() costs a second read of all bytes,
  // during which others may ask for the offset, go on with the session (this then fails with
  // Cancelled) or cancel it. Unavailable when too many such reads wait already.
  virtual Result<void> verify(Context& context, const Digest& expected) = 0;

  // Makes the bytes the blob. On success the blob is durable (it survives a power cut after the
  // return), readers never see a part of it, and the session has ended. Committing a digest that is
  // there already replaces it (same bytes; heals a damaged copy). The errors of verify(), which is
  // done first unless it was done before; StorageFull, Unavailable (a failed sync is never tried
  // again on the same file: the session is gone).
  virtual Result<Stored> commit(Context& context, const Digest& expected) = 0;
};

// Content-addressed, immutable bytes. One copy per digest for the whole server; repositories own
// none of them (meta/ knows who uses what).
//
// Blobs are named by their sha256; any other algorithm's digest is an alias that meta/ resolves,
// and InvalidArgument here. Drivers: blob/fs (and later s3, azure, gcs, swift); blob/testing has an
// in-memory one and one that fails on demand. All pass blob/testing/store_conformance.h.
// Thread-safe. Every call may block: call from a worker, never from an event loop. StorageFull and
// Unavailable can come from every call that writes, Unavailable from every call: a store that is
// away says so, and never NotFound. The message of a NotFound names no place of the store.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // Size; NotFound when the blob is absent. Does not read the bytes, so cannot tell Corrupt.
  virtual Result<Stat> stat(Context& context, const Digest& digest) = 0;

  // All bytes, as something the network can send without copying (a file range, a remote stream); a
  // part is cut from that by the caller. The handle stays readable when the blob is removed
  // meanwhile. NotFound, also when something else has the blob's name. Corrupt: the disk does not
  // give this blob. The bytes are not hashed.
  virtual Result<Source> open(Context& context, const Digest& digest) = 0;

  // A new session. Nothing durable is written before its first byte. `also` is hashed along (sha256
  // always is). A session of that id ends first.
  virtual Result<std::unique_ptr<Upload>> start(Context& context, const UploadId& id,
                                                HashAlgorithm also) = 0;

  // Calls for one session wait for one another; Conflict when several wait already.

  // The session at the offset from which it can go on. A newer resume ends the older writer: its
  // next write fails with Cancelled, and what it wrote behind the offset that upload_offset() told
  // last is dropped. NotFound when there is none.
  virtual Result<std::unique_ptr<Upload>> resume(Context& context, const UploadId& id) = 0;

  // The offset at which resume() would go on, without disturbing the writer, and without waiting
  // for what it does. A promise: it stays that offset, whatever the writer still takes, until the
  // writer's own pause(), commit() or the next resume() or start(). NotFound when there is none;
  // Unavailable while the bytes have to be read to know it.
  virtual Result<std::uint64_t> upload_offset(Context& context, const UploadId& id) = 0;

  // Ends the session and drops its bytes; those that somebody works on go as soon as that one lets
  // go of them. NotFound when there is none.
  virtual Result<void> cancel(Context& context, const UploadId& id) = 0;

  // Removes the bytes for good; open handles go on reading. Durable on return. NotFound when
  // absent.
  virtual Result<void> remove(Context& context, const Digest& digest) = 0;

  // Sets damaged bytes, or whatever else has the blob's name, aside so that they are never served
  // again but can be looked at; stat() says NotFound from then on. NotFound: nothing was there.
  virtual Result<void> quarantine(Context& context, const Digest& digest) = 0;

  // Calls `visit` for each blob in ascending order of digest, from after `after` on, until it
  // returns false. Blobs that come or go meanwhile may be missed.
  using Visitor = std::function<bool(const Stored&)>;
  virtual Result<void> list(Context& context, const std::optional<Digest>& after,
                            const Visitor& visit) = 0;

  // Drops abandoned sessions and what was long enough in quarantine, and tells what is left.
  // Sessions being written stay. Looks at every session and every quarantined file.
  virtual Result<Purged> purge(Context& context, const PurgeTerms& terms) = 0;

  // Writes, syncs and removes a small probe: tells whether a push could work now.
  virtual Result<void> check_writable(Context& context) = 0;

  // StorageFull while what is left is kept for deletes and the collector; Unavailable while the
  // store is away. Cheap; who is about to grow the metadata on the same disk asks first.
  virtual Result<void> require_room(Context& context) = 0;
};

}  // namespace entrepot::blob
