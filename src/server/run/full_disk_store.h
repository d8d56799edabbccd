#pragma once
// server/run/full_disk_store.h — metadata that can still be written when the disk is full.

#include <functional>

#include "meta/store.h"

namespace entrepot::server {

// Passes everything on to `inner`. A write that finds the disk full asks for room once (the blob
// store lets go of its reserve, and refuses pushes from then on) and is tried again, so that
// deletes and the collector can make space. Thread-safe.
class FullDiskStore final : public meta::Store {
 public:
  FullDiskStore(meta::Store& inner, std::function<void()> make_room)
      : inner_(inner), make_room_(std::move(make_room)) {}

  Result<void> write(Context& context, const Work& work) override {
    auto written = inner_.write(context, work);
    if (written || written.error().code != ErrorCode::StorageFull) return written;
    make_room_();
    return inner_.write(context, work);
  }
  Result<void> read(Context& context, const Look& look) override {
    return inner_.read(context, look);
  }
  void listen(meta::Listener& listener) override { inner_.listen(listener); }
  meta::Backup* backups() override { return inner_.backups(); }
  Result<void> check_writable(Context& context) override { return inner_.check_writable(context); }

 private:
  meta::Store& inner_;
  const std::function<void()> make_room_;
};

}  // namespace entrepot::server
