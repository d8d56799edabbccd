#include "registry/whole_writers.h"

namespace entrepot::registry {

WholeWriters::Writer::~Writer() {
  const MutexLock lock(writers_.mutex_);
  const auto found = writers_.entries_.find(id_);
  if (found != writers_.entries_.end() && found->second.number == number_) {
    writers_.entries_.erase(found);
  }
}

std::unique_ptr<WholeWriters::Writer> WholeWriters::add(const blob::UploadId& id,
                                                        std::uint64_t offset_bytes) {
  const MutexLock lock(mutex_);
  const std::uint64_t number = ++numbers_;
  entries_[id.str()] = {offset_bytes, number};
  return std::make_unique<Writer>(*this, id.str(), number);
}

void WholeWriters::forget(const blob::UploadId& id) {
  const MutexLock lock(mutex_);
  entries_.erase(id.str());
}

std::optional<std::uint64_t> WholeWriters::offset_of(const blob::UploadId& id) const {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(id.str());
  return found == entries_.end() ? std::nullopt : std::optional(found->second.offset_bytes);
}

}  // namespace entrepot::registry
