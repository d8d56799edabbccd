#include "people/roles.h"

#include <array>

namespace entrepot::people {
namespace {

using access::Action;
using access::Actions;
using meta::MemberRole;
using meta::RepositoryRole;
using meta::Visibility;

constexpr Actions kRead{Action::See, Action::Pull};
constexpr Actions kWrite =
    kRead | Actions{Action::Push, Action::Tag, Action::Describe, Action::Create};
constexpr Actions kMaintain = kWrite | Actions{Action::Delete, Action::Restore, Action::Policy};
constexpr Actions kAdmin = kMaintain | Actions{Action::Visibility, Action::Grant,   Action::Rename,
                                               Action::Transfer,   Action::Archive, Action::Remove};

constexpr std::array kRepositoryRoles{RepositoryRole::None, RepositoryRole::Read,
                                      RepositoryRole::Write, RepositoryRole::Maintain,
                                      RepositoryRole::Admin};
constexpr std::array kMemberRoles{MemberRole::Member, MemberRole::Editor, MemberRole::Owner};
constexpr std::array kSystemRoles{meta::SystemRole::None, meta::SystemRole::Auditor,
                                  meta::SystemRole::Admin};
constexpr std::array kVisibilities{Visibility::Public, Visibility::Internal, Visibility::Private};

template <class Role, std::size_t N>
std::optional<Role> parse(std::string_view text, const std::array<Role, N>& all) {
  for (const Role role : all) {
    if (name_of(role) == text) return role;
  }
  return std::nullopt;
}

}  // namespace

access::Actions actions_of(RepositoryRole role) {
  switch (role) {
    case RepositoryRole::None:
      break;
    case RepositoryRole::Read:
      return kRead;
    case RepositoryRole::Write:
      return kWrite;
    case RepositoryRole::Maintain:
      return kMaintain;
    case RepositoryRole::Admin:
      return kAdmin;
  }
  return {};
}

RepositoryRole role_needed(Action action) {
  for (const RepositoryRole role : kRepositoryRoles) {
    if (actions_of(role).has(action)) return role;
  }
  return RepositoryRole::None;
}

std::string_view name_of(RepositoryRole role) {
  switch (role) {
    case RepositoryRole::None:
      return "none";
    case RepositoryRole::Read:
      return "read";
    case RepositoryRole::Write:
      return "write";
    case RepositoryRole::Maintain:
      return "maintain";
    case RepositoryRole::Admin:
      return "admin";
  }
  return "unknown";
}

std::optional<RepositoryRole> parse_repository_role(std::string_view text) {
  return parse(text, kRepositoryRoles);
}

std::string_view name_of(MemberRole role) {
  switch (role) {
    case MemberRole::Member:
      return "member";
    case MemberRole::Editor:
      return "editor";
    case MemberRole::Owner:
      return "owner";
  }
  return "unknown";
}

std::optional<MemberRole> parse_member_role(std::string_view text) {
  return parse(text, kMemberRoles);
}

std::string_view name_of(Visibility visibility) {
  switch (visibility) {
    case Visibility::Unset:
      return "unset";
    case Visibility::Public:
      return "public";
    case Visibility::Internal:
      return "internal";
    case Visibility::Private:
      return "private";
  }
  return "unknown";
}

std::optional<Visibility> parse_visibility(std::string_view text) {
  return parse(text, kVisibilities);
}

std::string_view name_of(meta::SystemRole role) {
  switch (role) {
    case meta::SystemRole::None:
      return "none";
    case meta::SystemRole::Auditor:
      return "auditor";
    case meta::SystemRole::Admin:
      return "admin";
  }
  return "unknown";
}

std::optional<meta::SystemRole> parse_system_role(std::string_view text) {
  return parse(text, kSystemRoles);
}

std::string_view name_of(meta::SecretKind kind) {
  switch (kind) {
    case meta::SecretKind::Password:
      return "password";
    case meta::SecretKind::AccessToken:
      return "access token";
    case meta::SecretKind::RobotSecret:
      return "robot's secret";
    case meta::SecretKind::Session:
      return "session";
    case meta::SecretKind::Invitation:
      return "invitation";
    case meta::SecretKind::RefreshToken:
      return "refresh token";
  }
  return "unknown";
}

std::string_view name_of(meta::AccountKind kind) {
  switch (kind) {
    case meta::AccountKind::User:
      return "user";
    case meta::AccountKind::Organisation:
      return "organisation";
    case meta::AccountKind::Robot:
      return "robot";
  }
  return "unknown";
}

std::string_view name_of(meta::AccountState state) {
  switch (state) {
    case meta::AccountState::Active:
      return "active";
    case meta::AccountState::Disabled:
      return "disabled";
    case meta::AccountState::Deleted:
      return "deleted";
  }
  return "unknown";
}

}  // namespace entrepot::people
