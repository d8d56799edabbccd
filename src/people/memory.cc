#include "people/memory.h"

namespace entrepot::people {

std::shared_ptr<const Standing> Memory::recall_standing(meta::AccountId id) const {
  const MutexLock lock(mutex_);
  const auto found = standings_.find(id);
  return found == standings_.end() ? nullptr : found->second;
}

std::shared_ptr<const Place> Memory::recall_place(std::string_view repository) const {
  const MutexLock lock(mutex_);
  const auto found = places_.find(repository);
  return found == places_.end() ? nullptr : found->second;
}

std::optional<bool> Memory::recall_any() const {
  if (others_) return true;
  const Any any = any_;
  return any == Any::Unknown ? std::nullopt : std::optional(any == Any::Some);
}

std::uint64_t Memory::epoch() const {
  const MutexLock lock(mutex_);
  return epoch_;
}

Result<std::shared_ptr<const Standing>> Memory::find_standing(Context& context,
                                                              meta::AccountId id) {
  if (auto known = recall_standing(id)) return known;
  const std::uint64_t began = epoch();
  TRY_ASSIGN(Standing read, store_.view<Standing>(context, [&](const meta::Snapshot& snapshot) {
    return people::find_standing(snapshot, id);
  }));
  auto standing = std::make_shared<const Standing>(std::move(read));
  const MutexLock lock(mutex_);
  if (epoch_ != began) return standing;
  if (standings_.size() >= kMostStandings) standings_.clear();
  standings_.insert_or_assign(id, standing);
  return standing;
}

Result<std::shared_ptr<const Place>> Memory::find_place(Context& context,
                                                        std::string_view repository) {
  if (auto known = recall_place(repository)) return known;
  const std::uint64_t began = epoch();
  TRY_ASSIGN(Place read, store_.view<Place>(context, [&](const meta::Snapshot& snapshot) {
    return people::find_place(snapshot, repository);
  }));
  auto place = std::make_shared<const Place>(read);
  const MutexLock lock(mutex_);
  if (epoch_ != began || place->id == meta::RepositoryId{}) return place;
  if (places_.size() >= kMostPlaces) places_.clear();
  places_.insert_or_assign(std::string(repository), place);
  return place;
}

Result<bool> Memory::find_any(Context& context) {
  if (const auto known = recall_any()) return *known;
  const std::uint64_t began = epoch();
  TRY_ASSIGN(const bool any, store_.view<bool>(context, [](const meta::Snapshot& snapshot) {
    return snapshot.accounts().any();
  }));
  const MutexLock lock(mutex_);
  if (epoch_ == began) any_ = any ? Any::Some : Any::None;
  return any;
}

Result<void> Memory::look_for_others(Context& context) {
  TRY_ASSIGN(const std::int64_t now,
             store_.view<std::int64_t>(context, [](const meta::Snapshot& snapshot) {
               return snapshot.accounts().epoch();
             }));
  {
    const MutexLock lock(mutex_);
    if (stored_epoch_ == now) return {};
    stored_epoch_ = now;
  }
  forget();
  return {};
}

void Memory::heard(const meta::News& news) noexcept {
  if (news.people) return forget();
  const MutexLock lock(mutex_);
  for (const meta::Journal::Entry& entry : news.entries) {
    if (entry.event.kind != events::EventKind::RepositoryCreated || !entry.event.repository) {
      continue;
    }
    ++epoch_;
    const auto found = places_.find(std::string_view(entry.event.repository->str()));
    if (found != places_.end()) places_.erase(found);
  }
}

void Memory::forget() {
  const MutexLock lock(mutex_);
  ++epoch_;
  any_ = Any::Unknown;
  standings_.clear();
  places_.clear();
}

}  // namespace entrepot::people
