#pragma once
// people/testing/world.h — a registry's people without HTTP: what a test signs in as, and asks for.

#include <string>
#include <string_view>

#include "base/executor.h"
#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "meta/sqlite/testing/temporary_store.h"
#include "people/people.h"
#include "people/rights_policy.h"
#include "people/sign_in.h"

namespace entrepot::people::testing {

// The least that a hash may cost, so that tests are quick.
inline constexpr crypto::PasswordCost kCheap{.memory_kib = 8, .passes = 1, .lanes = 1};
inline constexpr std::string_view kPassword = "correct horse";

class World {
 public:
  World() {
    store.listen(memory);
    keys = SigningKeys::open(context, store, crypto::SealingKey::generate(), clock).value();
    tokens.emplace(*keys);
    sign_in = SignIn::open(store, memory, *tokens, executor, clock, {.cost = kCheap}).value();
  }

  void user(const std::string& name, bool admin = false) {
    ASSERT_OK(people.create_user(
        context, by, {.name = name, .password = std::string(kPassword), .admin = admin}));
  }
  void organisation(const std::string& name) {
    ASSERT_OK(people.create_organisation(context, by, {.name = name}));
  }
  std::int64_t grant(const std::string& to, meta::RepositoryRole role, const std::string& pattern) {
    return people.grant(context, by, {.to = to, .role = role, .pattern = pattern}).value().id;
  }
  void push(const std::string& repository) {
    ASSERT_OK(store.write(context, [&](meta::Transaction& tx) -> Result<void> {
      TRY(tx.repositories().find_or_create(oci::RepositoryName::parse(repository).value(),
                                           clock.wall()));
      return tx.journal().add({.kind = events::EventKind::RepositoryCreated,
                               .at = clock.wall(),
                               .repository = oci::RepositoryName::parse(repository).value(),
                               .digest = std::nullopt,
                               .tag = std::nullopt,
                               .previous = std::nullopt});
    }));
  }

  static std::string basic(std::string_view name, std::string_view secret) {
    return to_authorization({std::string(name), std::string(secret)});
  }
  Result<access::Subject> enter(std::string_view authorization,
                                std::string_view address = "192.0.2.7") {
    return sign_in->authenticate(context, {.address = address, .authorization = authorization});
  }
  // Nothing: memory does not know.
  std::optional<Result<access::Subject>> recall(std::string_view authorization) {
    auto known = sign_in->recall({.address = "192.0.2.7", .authorization = authorization});
    if (auto* error = std::get_if<Error>(&known)) return Failure(*error);
    if (auto* subject = std::get_if<access::Subject>(&known)) return *subject;
    return std::nullopt;
  }
  access::Subject subject(std::string_view name) { return enter(basic(name, kPassword)).value(); }

  access::Decision decide(const access::Subject& who, access::Action action,
                          std::string_view repository) {
    return policy
        .decide(context, {.subject = who,
                          .action = action,
                          .repository = repository,
                          .address = {},
                          .at = clock.wall()})
        .value();
  }
  bool may(std::string_view name, access::Action action, std::string_view repository) {
    const auto who = name.empty() ? access::Subject::anonymous() : subject(name);
    return decide(who, action, repository).allowed();
  }

  Context context;
  entrepot::testing::FakeClock clock;
  meta::sqlite::testing::TemporaryStore temporary;
  meta::Store& store = temporary.store();
  Author by = Author::machine({events::ActorKind::System, "test"});
  People people{store, clock, kCheap};
  Memory memory{store};
  std::unique_ptr<SigningKeys> keys;
  std::optional<Tokens> tokens;
  Executor executor{{.name = "sign-in", .threads = 1}};
  std::unique_ptr<SignIn> sign_in;
  RightsPolicy policy{memory, store, {}};
};

}  // namespace entrepot::people::testing
