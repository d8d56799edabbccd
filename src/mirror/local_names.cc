#include "mirror/local_names.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/memory.h"

namespace entrepot::mirror {
namespace {

constexpr std::size_t kPage = 1000;

// Docker Hub's own namespace, below which people push their copies, too.
constexpr std::string_view kShared = "library";

// "" for a name that counts by itself.
std::string_view namespace_of(std::string_view repository) {
  const std::size_t slash = repository.find('/');
  if (slash == repository.npos) return {};
  const std::string_view first = repository.substr(0, slash);
  return first == kShared ? std::string_view() : first;
}

}  // namespace

void LocalNames::add(std::string_view repository) {
  if (is_upstream_(repository)) return;
  const std::string_view name_space = namespace_of(repository);
  if (!name_space.empty()) return add_namespace(name_space);
  const MutexLock lock(mutex_);
  if (names_.size() < kMost) names_.emplace(repository);
}

void LocalNames::add_namespace(std::string_view name) {
  const MutexLock lock(mutex_);
  if (namespaces_.size() < kMost) namespaces_.emplace(name);
}

Result<void> LocalNames::load_repositories(Context& context, meta::Store& store) {
  std::string after;
  for (;;) {
    TRY(context.alive());
    TRY_ASSIGN(const auto page, store.view<std::vector<oci::RepositoryName>>(
                                    context, [&](const meta::Snapshot& snapshot) {
                                      return snapshot.repositories().list_all(after, kPage);
                                    }));
    for (const oci::RepositoryName& name : page) add(name.str());
    if (page.size() < kPage) return {};
    after = page.back().str();
  }
}

Result<void> LocalNames::load_accounts(Context& context, meta::Store& store) {
  for (const auto kind : {meta::AccountKind::User, meta::AccountKind::Organisation}) {
    std::string after;
    for (;;) {
      TRY(context.alive());
      TRY_ASSIGN(const auto page, store.view<std::vector<meta::Account>>(
                                      context, [&](const meta::Snapshot& snapshot) {
                                        return snapshot.accounts().list(kind, after, kPage);
                                      }));
      for (const meta::Account& account : page) add_namespace(account.name);
      if (page.size() < kPage) break;
      after = page.back().name;
    }
  }
  return {};
}

Result<void> LocalNames::refresh(Context& context, meta::Store& store) {
  Doubt doubt = Doubt::None;
  {
    const MutexLock lock(mutex_);
    doubt = std::exchange(doubt_, Doubt::None);
  }
  if (doubt == Doubt::None) return {};
  auto loaded = doubt == Doubt::All ? load_repositories(context, store) : Result<void>();
  if (loaded) loaded = load_accounts(context, store);
  if (loaded) return loaded;
  const MutexLock lock(mutex_);
  doubt_ = Doubt::All;
  return loaded;
}

bool LocalNames::contains(std::string_view repository) const {
  const std::string_view name_space = namespace_of(repository);
  const MutexLock lock(mutex_);
  if (doubt_ != Doubt::None || namespaces_.size() >= kMost || names_.size() >= kMost) return true;
  return name_space.empty() ? names_.find(repository) != names_.end()
                            : namespaces_.find(name_space) != namespaces_.end();
}

void LocalNames::heard(const meta::News& news) noexcept {
  using events::EventKind;
  const auto is_account = [](const meta::Journal::Entry& entry) {
    return entry.event.kind == EventKind::AccountCreated;
  };
  const bool noted = had_memory([&] {
    for (const auto& [sequence, event] : news.entries) {
      if (event.kind == EventKind::RepositoryCreated && event.repository) {
        add(event.repository->str());
      }
    }
  });
  if (noted && std::none_of(news.entries.begin(), news.entries.end(), is_account)) return;
  const MutexLock lock(mutex_);
  if (!noted) doubt_ = Doubt::All;
  if (doubt_ == Doubt::None) doubt_ = Doubt::Accounts;
}

}  // namespace entrepot::mirror
