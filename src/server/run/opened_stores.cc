#include "server/run/opened_stores.h"

#include <algorithm>

#include "base/log.h"
#include "blob/fs/store.h"
#include "meta/sqlite/store.h"
#include "server/host/process.h"
#include "server/run/full_disk_store.h"

namespace entrepot::server {
namespace {

using blob::fs::FsBlobStore;
using meta::sqlite::SqliteStore;

Result<std::unique_ptr<FsBlobStore>> make_blob_fs(const DataDirectory& directory,
                                                  const EvenClock& clock) {
  return FsBlobStore::open({.directory = directory.path(), .clock = &clock});
}

Result<std::unique_ptr<SqliteStore>> make_meta_sqlite(const DataDirectory& directory,
                                                      metrics::Registry& metrics,
                                                      const Clock& clock) {
  TRY(check_metadata_present(directory.path()));
  SqliteStore::Options options;
  options.path = directory.metadata_path();
  options.metrics = &metrics;
  return SqliteStore::open(options, clock);
}

// Each blob in the cache may hold a file open; most of what may be open is for connections.
registry::HotCache::Options make_cache_options() {
  registry::HotCache::Options options;
  options.blob_entries = std::min(options.blob_entries, raise_open_file_limit() / 8);
  return options;
}

struct Clocks {
  explicit Clocks(const Clock& clock) : real(clock), even(clock) {}
  const Clock& real;
  const EvenClock even;
};

}  // namespace

// In the order of their making; they end in the reverse order.
struct OpenedStores::Parts {
  Parts(std::unique_ptr<Clocks> both_clocks, std::unique_ptr<DataDirectory> taken,
        std::unique_ptr<FsBlobStore> blob_store, std::unique_ptr<SqliteStore> meta_store,
        metrics::Registry& metrics)
      : clocks(std::move(both_clocks)),
        directory(std::move(taken)),
        blobs(std::move(blob_store)),
        sqlite(std::move(meta_store)),
        meta(*sqlite, [this] { blobs->disk_is_full(); }),
        cache(make_cache_options(), metrics) {
    meta.listen(cache);
  }

  const std::unique_ptr<Clocks> clocks;
  const std::unique_ptr<DataDirectory> directory;
  const std::unique_ptr<FsBlobStore> blobs;
  const std::unique_ptr<SqliteStore> sqlite;
  FullDiskStore meta;
  registry::HotCache cache;
  registry::DigestLocks locks;
};

OpenedStores::OpenedStores(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
OpenedStores::~OpenedStores() = default;

Result<std::unique_ptr<OpenedStores>> OpenedStores::open(Context& context,
                                                         std::unique_ptr<DataDirectory> directory,
                                                         metrics::Registry& metrics,
                                                         const Clock& clock) {
  auto clocks = std::make_unique<Clocks>(clock);
  TRY_ASSIGN(auto blobs, make_blob_fs(*directory, clocks->even));
  TRY_ASSIGN(auto meta, make_meta_sqlite(*directory, metrics, clock));
  TRY_ASSIGN(const std::string id, agree_on_id(context, *directory, *meta));
  log::debug("store {} in {}", id, directory->path());
  auto parts = std::make_unique<Parts>(std::move(clocks), std::move(directory), std::move(blobs),
                                       std::move(meta), metrics);
  return std::unique_ptr<OpenedStores>(new OpenedStores(std::move(parts)));
}

const DataDirectory& OpenedStores::directory() const { return *parts_->directory; }

registry::Stores OpenedStores::stores() {
  const Clocks& clocks = *parts_->clocks;
  return {*parts_->blobs, parts_->meta, parts_->cache, parts_->locks, clocks.real, clocks.even};
}

Result<void> OpenedStores::require_present() const {
  TRY(parts_->blobs->require_present());
  return parts_->sqlite->require_present();
}

Result<void> OpenedStores::check_writable(Context& context) {
  TRY(parts_->blobs->check_writable(context));
  return parts_->meta.check_writable(context);
}

}  // namespace entrepot::server
