#include "server/run/accounts.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/executor.h"
#include "base/log.h"
#include "crypto/password.h"
#include "file/error.h"
#include "file/write.h"
#include "people/names.h"
#include "people/people.h"
#include "server/configure/secret_file.h"
#include "server/run/htpasswd_watch.h"

namespace entrepot::server {
namespace {

// Each hashes with 19 MiB for some 20 ms; who waits longer than for so many is told to come again.
constexpr std::chrono::seconds kUsesWrittenEvery{60};
constexpr std::size_t kHashingThreads = 2;
constexpr std::size_t kMostWaiting = 1024;

constexpr std::string_view kAdmin = "admin";

Result<crypto::SealingKey> sealing_key(const std::string& path) {
  const auto kept = read_secret_file(path, crypto::SealingKey::kSizeBytes + 1);
  if (kept) return crypto::SealingKey::from(*kept);
  if (kept.error().code != ErrorCode::NotFound) return Failure(kept.error());
  auto made = crypto::SealingKey::generate();
  TRY(file::replace(path, made.octets()));
  return made;
}

Result<std::string> wanted_password(const Options& options) {
  if (options.admin_password_file.empty()) return options.admin_password;
  auto read = read_secret_file(options.admin_password_file, crypto::kMaxPasswordBytes + 2);
  if (!read) return Failure(std::move(read).error().within("admin.password_file"));
  while (read->ends_with('\n') || read->ends_with('\r')) read->pop_back();
  if (read->empty()) {
    return fail(ErrorCode::InvalidArgument, "admin.password_file: {} is empty",
                options.admin_password_file);
  }
  return *std::move(read);
}

struct Admin {
  meta::Account account;
  std::optional<meta::Secret> password;
};

Result<std::optional<Admin>> find_admin(Context& context, meta::Store& store) {
  return store.view<std::optional<Admin>>(
      context, [](const meta::Snapshot& snapshot) -> Result<std::optional<Admin>> {
        TRY_ASSIGN(auto account, if_there(snapshot.accounts().find(kAdmin)));
        if (!account) return std::optional<Admin>();
        TRY_ASSIGN(auto password, if_there(snapshot.secrets().password_of(account->id)));
        return std::optional<Admin>(Admin{*std::move(account), std::move(password)});
      });
}

Result<void> warn_of_other_password(Context& context, meta::Store& store,
                                    const std::string& wanted) {
  if (wanted.empty()) return {};
  TRY_ASSIGN(const auto admin, find_admin(context, store));
  if (!admin || !admin->password) return {};
  TRY_ASSIGN(const bool same, crypto::verify_password(wanted, admin->password->password_hash));
  if (!same) {
    log::warning(
        "admin.password is not the admin's password any more, and does not change it: take it "
        "out, or set it again with `entrepot user password admin`");
  }
  return {};
}

// Then an account of ours with that name would take it from who has it in the file.
Result<bool> file_has_admin(const Options& options) {
  if (options.auth_htpasswd.empty()) return false;
  TRY_ASSIGN(const auto text, read_htpasswd(options.auth_htpasswd));
  const auto file = people::parse_htpasswd(text);
  return std::any_of(file.hashes.begin(), file.hashes.end(),
                     [](const auto& entry) { return people::lower_case(entry.first) == kAdmin; });
}

void tell_how_to_begin(const Options& options) {
  log::warning(
      "nobody can sign in yet: the account admin has no password. Give it one: entrepot user "
      "password admin --data {} (for automation, ENTREPOT_ADMIN_PASSWORD at the first start). Or, "
      "on data that never had accounts, start with --open (ENTREPOT_OPEN=1), if everybody who "
      "reaches this server may push and delete",
      options.data);
}

}  // namespace

struct Accounts::Parts {
  Parts(OpenedStores& stores, const Options& options, std::unique_ptr<people::SigningKeys> the_keys)
      : meta(stores.stores().meta),
        memory(stores.stores().meta, /*others=*/!options.auth_htpasswd.empty()),
        file_users(stores.stores().meta, memory, stores.stores().clock),
        keys(std::move(the_keys)),
        tokens(*keys),
        closed_path(stores.directory().closed_path()),
        sign_ins(stores.stores().clock),
        uses(stores.stores().clock),
        hashing({.name = "sign-in", .threads = kHashingThreads, .queue_limit = kMostWaiting}),
        refresh_tokens(stores.stores().meta, hashing, stores.stores().clock),
        policy(memory, stores.stores().meta, switches_of(options)) {}

  meta::Store& meta;
  people::Memory memory;
  people::FileUsers file_users;
  std::optional<HtpasswdWatch> file;  // where one is configured
  std::unique_ptr<people::SigningKeys> keys;
  const people::Tokens tokens;
  std::unique_ptr<people::SignIn> sign_in;
  const std::string closed_path;
  bool is_noted = false;
  audit::SignIns sign_ins;
  people::Uses uses;
  SteadyTime uses_written = std::chrono::steady_clock::now();
  Executor hashing;  // ends before what its tasks use
  people::RefreshTokens refresh_tokens;
  people::RightsPolicy policy;
};

access::Switches switches_of(const Options& options) {
  return {.deletes = options.storage_delete, .read_only = options.storage_read_only};
}

Accounts::Accounts(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Accounts::~Accounts() = default;

Result<std::unique_ptr<Accounts>> Accounts::open(Context& context, const Options& options,
                                                 OpenedStores& stores) {
  TRY_ASSIGN(const auto key, sealing_key(stores.directory().sealing_key_path()));
  meta::Store& meta = stores.stores().meta;
  TRY_ASSIGN(auto keys, people::SigningKeys::open(context, meta, key, stores.stores().clock));
  auto parts = std::make_unique<Parts>(stores, options, std::move(keys));
  people::SignIn::Options sign_in;
  sign_in.witness = &parts->sign_ins;
  sign_in.uses = &parts->uses;
  if (!options.auth_htpasswd.empty()) sign_in.file_users = &parts->file_users;
  TRY_ASSIGN(parts->sign_in, people::SignIn::open(meta, parts->memory, parts->tokens,
                                                  parts->hashing, stores.stores().clock, sign_in));
  meta.listen(parts->memory);
  if (options.auth_htpasswd.empty()) {
    TRY(parts->file_users.clear(context));
  } else {
    parts->file.emplace(options.auth_htpasswd, parts->file_users);
    TRY(parts->file->open(context));
    TRY(parts->file_users.grant_once(context));
  }
  std::unique_ptr<Accounts> accounts(new Accounts(std::move(parts)));
  TRY(accounts->keep_closed(context));
  return accounts;
}

Result<void> Accounts::keep_closed(Context& context) {
  TRY_ASSIGN(const bool any, parts_->memory.find_any(context));
  if (parts_->is_noted || !any) return {};
  TRY(file::replace(parts_->closed_path, "There are accounts.\n"));
  parts_->is_noted = true;
  return {};
}

void Accounts::look_at_file(Context& context) {
  if (parts_->file) parts_->file->look(context);
}

void Accounts::look_at_keys(Context& context) {
  const auto looked = parts_->keys->look_again(context);
  if (!looked)
    log::warning("the keys that sign tokens are as they were read before: {}", looked.error());
}

void Accounts::write_uses(Context& context, bool at_once) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (!at_once && now - parts_->uses_written < kUsesWrittenEvery) return;
  parts_->uses_written = now;
  const auto written = parts_->uses.write(context, parts_->meta);
  if (!written) log::warning("when secrets were used last is not written: {}", written.error());
}

Executor& Accounts::hashing() { return parts_->hashing; }
people::Memory& Accounts::memory() { return parts_->memory; }
const people::Tokens& Accounts::tokens() const { return parts_->tokens; }
people::RefreshTokens& Accounts::refresh_tokens() { return parts_->refresh_tokens; }
audit::SignIns& Accounts::sign_ins() { return parts_->sign_ins; }
const auth::Authenticator& Accounts::sign_in() const { return *parts_->sign_in; }
const access::Policy& Accounts::policy() const { return parts_->policy; }

Result<void> make_first_admin(Context& context, const Options& options, OpenedStores& stores,
                              bool wanted) {
  meta::Store& meta = stores.stores().meta;
  TRY_ASSIGN(const std::string password, wanted_password(options));
  TRY_ASSIGN(const bool any, meta.view<bool>(context, [](const meta::Snapshot& snapshot) {
    return snapshot.accounts().any();
  }));
  if (any) {
    TRY(warn_of_other_password(context, meta, password));
    TRY_ASSIGN(const auto admin, find_admin(context, meta));
    if (admin && !admin->password) tell_how_to_begin(options);
    return {};
  }
  const bool was_closed = ::access(stores.directory().closed_path().c_str(), F_OK) == 0;
  if (was_closed) {
    log::warning(
        "this registry had accounts, and its metadata has none: was an older copy restored? It "
        "stays closed, and what is in it is private");
  }
  if (password.empty() && !wanted && !was_closed) return {};
  TRY_ASSIGN(const bool in_file, file_has_admin(options));
  if (in_file) {
    log::warning(
        "auth.htpasswd has an admin, who is no system admin: make one of another name, with "
        "entrepot user create NAME --admin --data {}",
        options.data);
    return {};
  }
  people::People people(meta, stores.stores().clock);
  const auto start = people::Author::machine({events::ActorKind::System, "first start"});
  auto made = people.create_first_admin(context, start, password);
  if (!made) return Failure(std::move(made).error().within("admin.password"));
  if (password.empty()) {
    tell_how_to_begin(options);
  } else {
    log::info("the user admin was made, with the password of admin.password");
  }
  return {};
}

}  // namespace entrepot::server
