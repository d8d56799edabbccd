#include "registry/home.h"

namespace entrepot::registry {
namespace {

events::ActorKind kind_of(access::SubjectKind kind) {
  switch (kind) {
    case access::SubjectKind::Anonymous:
      return events::ActorKind::Anonymous;
    case access::SubjectKind::User:
      return events::ActorKind::User;
    case access::SubjectKind::Robot:
      return events::ActorKind::Robot;
    case access::SubjectKind::Workload:
      return events::ActorKind::Workload;
    case access::SubjectKind::System:
      return events::ActorKind::System;
  }
  return events::ActorKind::Anonymous;
}

}  // namespace

events::Actor actor_of(const access::Subject& who) {
  return {kind_of(who.kind()), std::string(who.name())};
}

Result<void> check_not_archived(const meta::Repository& repository) {
  if (!repository.archived) return {};
  return fail(ErrorCode::Denied, "{} is archived: it can be pulled, and nothing else",
              repository.name.str());
}

Result<meta::Repository> home_of(meta::Transaction& tx, const Stores& stores,
                                 const access::Subject& who, const oci::RepositoryName& name) {
  TRY_ASSIGN(auto home, tx.repositories().find_or_create(name, stores.even.wall()));
  TRY(check_not_archived(home));
  if (home.is_new) {
    TRY(tx.journal().add({.kind = events::EventKind::RepositoryCreated,
                          .at = stores.clock.wall(),
                          .actor = actor_of(who),
                          .repository = name}));
  }
  return meta::Repository(std::move(home));
}

}  // namespace entrepot::registry
