#include "people/file_users.h"

#include <fmt/format.h>

#include "base/log.h"
#include "crypto/hash.h"
#include "crypto/password.h"
#include "json/writer.h"
#include "people/names.h"

namespace entrepot::people {
namespace {

using meta::Account;
using meta::SecretKind;

constexpr std::string_view kGranted = "htpasswd.granted";
constexpr std::size_t kMostAtOnce = 500;
constexpr std::size_t kMostTold = 1000;
const events::Actor kBy{events::ActorKind::System, "htpasswd"};

std::string account_name(std::string_view name) {
  return std::string(kHtpasswdPrefix).append(name);
}

// What is kept of the hash that was proved last.
std::string print_of(std::string_view hash) {
  return "sha256:" + crypto::to_hex(crypto::hash(crypto::HashAlgorithm::Sha256, hash));
}

events::Event event_of(events::EventKind kind, WallTime at, std::string detail) {
  return {.kind = kind,
          .at = at,
          .actor = kBy,
          .repository = std::nullopt,
          .digest = std::nullopt,
          .tag = std::nullopt,
          .previous = std::nullopt,
          .detail = std::move(detail)};
}

struct Row {
  Account account;
  std::string print;  // "": nobody is signed in
};

Result<Row> row_of(const meta::Snapshot& snapshot, Account account) {
  TRY_ASSIGN(const auto kept, if_there(snapshot.secrets().password_of(account.id)));
  return Row{std::move(account), kept ? kept->password_hash : ""};
}

// The next page of those who have an account for a file.
Result<std::vector<Row>> page_behind(const meta::Snapshot& snapshot, std::string_view after) {
  TRY_ASSIGN(auto accounts, snapshot.accounts().list(meta::AccountKind::User, after, kMostAtOnce));
  std::vector<Row> rows;
  for (Account& account : accounts) {
    if (!account.name.starts_with(kHtpasswdPrefix)) break;
    TRY_ASSIGN(Row row, row_of(snapshot, std::move(account)));
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<void> sign_out(meta::Transaction& tx, const Account& account, bool is_gone) {
  TRY(tx.secrets().remove_all(account.id, SecretKind::Password));
  TRY(tx.secrets().remove_all(account.id, SecretKind::RefreshToken));
  TRY(tx.secrets().remove_all(account.id, SecretKind::Session));
  if (is_gone) TRY(tx.secrets().remove_all(account.id, SecretKind::AccessToken));
  return tx.accounts().update(account, /*ends_sessions=*/true);
}

Result<Row> find_or_create(meta::Transaction& tx, const std::string& called, WallTime now) {
  TRY_ASSIGN(auto known, if_there(tx.accounts().find(called)));
  if (known) return row_of(tx, *std::move(known));
  meta::NewAccount wished;
  wished.provider = meta::Provider::Htpasswd;
  wished.name = called;
  wished.created_at = now;
  TRY_ASSIGN(auto made, tx.accounts().create(wished));
  std::string detail;
  json::Writer(detail)
      .begin_object()
      .member("account", std::string_view(called))
      .member("kind", std::string_view("user"))
      .end_object();
  TRY(tx.journal().add(event_of(events::EventKind::AccountCreated, now, std::move(detail))));
  return Row{std::move(made), ""};
}

}  // namespace

Result<void> FileUsers::take(Context& context, std::string_view text) {
  auto file = std::make_shared<const Htpasswd>(parse_htpasswd(text));
  complain(*file);
  {
    const MutexLock lock(mutex_);
    file_ = std::move(file);
  }
  memory_.forget();  // who was unknown a moment ago
  return sign_out_changed(context);
}

Result<void> FileUsers::clear(Context& context) { return take(context, ""); }

void FileUsers::close() {
  {
    const MutexLock lock(mutex_);
    file_ = std::make_shared<const Htpasswd>();
  }
  memory_.forget();
}

void FileUsers::complain(const Htpasswd& file) {
  const MutexLock lock(mutex_);
  for (const Htpasswd::Complaint& complaint : file.complaints) {
    if (told_.size() >= kMostTold) return;
    const std::string line = complaint.name.empty()
                                 ? fmt::format("line {} {}", complaint.line, complaint.why)
                                 : fmt::format("{} {}", complaint.name, complaint.why);
    if (told_.insert(line).second) log::warning("auth.htpasswd: {}; it is ignored", line);
  }
}

// Those whose hash is another than the one they proved, or none.
Result<void> FileUsers::sign_out_changed(Context& context) {
  std::string after(kHtpasswdPrefix);
  while (true) {
    TRY_ASSIGN(const auto rows,
               store_.view<std::vector<Row>>(context, [&](const meta::Snapshot& snapshot) {
                 return page_behind(snapshot, after);
               }));
    std::vector<std::pair<Account, bool>> changed;
    for (const Row& row : rows) {
      const auto hash = hash_of(std::string_view(row.account.name).substr(kHtpasswdPrefix.size()));
      if (row.print.empty() || (hash && print_of(*hash) == row.print)) continue;
      changed.emplace_back(row.account, !hash);
    }
    if (!changed.empty()) {
      TRY(store_.write(context, {[&](meta::Transaction& tx) -> Result<void> {
                                   for (const auto& [account, is_gone] : changed) {
                                     TRY(sign_out(tx, account, is_gone));
                                   }
                                   return {};
                                 },
                                 meta::Weight::Large}));
    }
    if (rows.size() < kMostAtOnce) return {};
    after = rows.back().account.name;
  }
}

Result<void> FileUsers::grant_once(Context& context) {
  return store_.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto granted, if_there(tx.settings().get(kGranted)));
    if (granted) return {};
    meta::NewGrant grant;
    grant.holder_kind = meta::HolderKind::Provider;
    grant.holder = static_cast<int>(meta::Provider::Htpasswd);
    grant.role = meta::RepositoryRole::Maintain;
    grant.pattern = "**";
    grant.made_by = kBy.id;
    grant.made_at = clock_.wall();
    TRY_ASSIGN(const auto made, tx.grants().create(grant));
    TRY(tx.settings().set(kGranted, std::to_string(made.id)));
    std::string detail;
    json::Writer(detail)
        .begin_object()
        .member("grant", made.id)
        .member("to", std::string_view(made.holder_name))
        .member("role", std::string_view("maintain"))
        .member("pattern", std::string_view(made.pattern))
        .end_object();
    return tx.journal().add(event_of(events::EventKind::GrantCreated, made.made_at, detail));
  });
}

std::optional<std::string> FileUsers::hash_of(std::string_view name) const {
  const MutexLock lock(mutex_);
  const auto found = file_->hashes.find(name);
  return found == file_->hashes.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> FileUsers::decoy() const {
  const MutexLock lock(mutex_);
  if (file_->hashes.empty()) return std::nullopt;
  auto made = crypto::decoy_like(file_->hashes.begin()->second);
  return made ? std::optional(*std::move(made)) : std::nullopt;
}

Result<Account> FileUsers::enter(Context& context, std::string_view name, std::string_view hash) {
  const std::string called = account_name(name);
  const std::string print = print_of(hash);
  const auto look = [&](const meta::Snapshot& snapshot) -> Result<Row> {
    TRY_ASSIGN(auto account, snapshot.accounts().find(called));
    return row_of(snapshot, std::move(account));
  };
  TRY_ASSIGN(auto known, if_there(store_.view<Row>(context, look)));
  if (known && (known->print == print || !known->account.is_active())) return known->account;
  auto entered = store_.transact<Account>(context, [&](meta::Transaction& tx) -> Result<Account> {
    TRY_ASSIGN(const auto row, find_or_create(tx, called, clock_.wall()));
    // With a new hash, whoever proved the old one is out, also if nobody has looked yet.
    if (!row.print.empty()) TRY(sign_out(tx, row.account, false));
    meta::NewSecret proved;
    proved.account = row.account.id;
    proved.password_hash = print;
    proved.created_at = clock_.wall();
    TRY(tx.secrets().add(proved));
    return tx.accounts().find(row.account.id);
  });
  // Had the file changed before this was written, who signs out might not have seen it.
  if (entered && hash_of(name) != hash) {
    return fail(ErrorCode::Unauthenticated, "wrong user name or password");
  }
  return entered;
}

}  // namespace entrepot::people
