#include "mirror/local_names.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/memory.h"
#include "json/reader.h"

namespace entrepot::mirror {
namespace {

constexpr std::size_t kPage = 1000;
constexpr std::size_t kKeptAtOnce = 500;

// In front of a name that is kept among the settings.
constexpr std::string_view kKept = "mirror.ours:";

// Docker Hub's own namespace, below which people push their copies, too.
constexpr std::string_view kShared = "library";

// "" for a name that counts by itself.
std::string_view namespace_of(std::string_view repository) {
  const std::size_t slash = repository.find('/');
  if (slash == repository.npos) return {};
  const std::string_view first = repository.substr(0, slash);
  return first == kShared ? std::string_view() : first;
}

// The account that an event tells of; "" when it does not.
std::string account_of(const events::Event& event) {
  static constexpr json::Names<1> kFields = {"account"};
  std::string account;
  const auto document = json::Document::parse(event.detail, "event");
  if (!document) return account;
  const auto fields = document->root().fields(kFields);
  if (!fields || !fields->read(0, account)) account.clear();
  return account;
}

}  // namespace

void LocalNames::add(std::string_view repository) {
  if (is_upstream_(repository)) return;
  const std::string_view name_space = namespace_of(repository);
  if (!name_space.empty()) return add_namespace(name_space);
  const MutexLock lock(mutex_);
  if (names_.size() >= kMost || !names_.emplace(repository).second) return;
  unkept_.emplace_back(repository);
}

void LocalNames::add_namespace(std::string_view name) {
  const MutexLock lock(mutex_);
  if (namespaces_.size() >= kMost || !namespaces_.emplace(name).second) return;
  unkept_.push_back(std::string(name) + '/');
}

Result<void> LocalNames::load_kept(Context& context, meta::Store& store) {
  using Entries = std::vector<meta::Settings::Entry>;
  std::string after;
  for (;;) {
    TRY(context.alive());
    TRY_ASSIGN(const auto page, store.view<Entries>(context, [&](const meta::Snapshot& snapshot) {
      return snapshot.settings().list(kKept, after, kPage);
    }));
    {
      const MutexLock lock(mutex_);
      for (const auto& [key, value] : page) {
        std::string_view name = std::string_view(key).substr(kKept.size());
        const bool is_namespace = name.ends_with('/');
        if (is_namespace) name.remove_suffix(1);
        Set& set = is_namespace ? namespaces_ : names_;
        if (set.size() < kMost) set.emplace(name);
      }
    }
    if (page.size() < kPage) return {};
    after = page.back().key;
  }
}

Result<void> LocalNames::keep_some(Context& context, meta::Store& store) {
  std::vector<std::string> some;
  {
    const MutexLock lock(mutex_);
    const std::size_t size = std::min(unkept_.size(), kKeptAtOnce);
    some.assign(unkept_.end() - static_cast<std::ptrdiff_t>(size), unkept_.end());
    unkept_.resize(unkept_.size() - size);
  }
  if (some.empty()) return {};
  const auto keep = [&](meta::Transaction& tx) -> Result<void> {
    for (const std::string& name : some) TRY(tx.settings().set(std::string(kKept) + name, "1"));
    return {};
  };
  auto kept = store.write(context, {keep, meta::Weight::Large});
  if (kept) return kept;
  const MutexLock lock(mutex_);
  unkept_.insert(unkept_.end(), some.begin(), some.end());
  return kept;
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

// Commands of this machine make accounts, too, and nobody here is told.
Result<void> LocalNames::look_for_others(Context& context, meta::Store& store) {
  TRY_ASSIGN(const std::int64_t epoch,
             store.view<std::int64_t>(context, [](const meta::Snapshot& snapshot) {
               return snapshot.accounts().epoch();
             }));
  if (epoch_ == epoch) return {};
  TRY(load_accounts(context, store));
  epoch_ = epoch;
  return {};
}

Result<void> LocalNames::refresh(Context& context, meta::Store& store) {
  bool reads = false;
  {
    const MutexLock lock(mutex_);
    reads = std::exchange(in_doubt_, false);
  }
  if (!reads) {
    TRY(look_for_others(context, store));
    return keep_some(context, store);  // a server starts no later for what has to be kept
  }
  auto loaded = load_kept(context, store);
  if (loaded) loaded = load_accounts(context, store);
  if (loaded) loaded = load_repositories(context, store);
  if (loaded) return loaded;
  const MutexLock lock(mutex_);
  in_doubt_ = true;
  return loaded;
}

bool LocalNames::contains(std::string_view repository) const {
  const std::string_view name_space = namespace_of(repository);
  const MutexLock lock(mutex_);
  if (in_doubt_ || namespaces_.size() >= kMost || names_.size() >= kMost) return true;
  return name_space.empty() ? names_.find(repository) != names_.end()
                            : namespaces_.find(name_space) != namespaces_.end();
}

// A robot's account lies in a namespace that is known.
void LocalNames::heard(const meta::News& news) noexcept {
  using events::EventKind;
  bool sure = true;
  const bool noted = had_memory([&] {
    for (const auto& [sequence, event] : news.entries) {
      if (event.kind == EventKind::RepositoryCreated && event.repository) {
        add(event.repository->str());
      }
      if (event.kind != EventKind::AccountCreated) continue;
      const std::string account = account_of(event);
      sure = sure && !account.empty();
      add_namespace(std::string_view(account).substr(0, account.find('/')));
    }
  });
  if (noted && sure) return;
  const MutexLock lock(mutex_);
  in_doubt_ = true;
}

}  // namespace entrepot::mirror
